"""Chat models: who answers, how they are reached, what they may cost. It knows no prompt and no log."""
