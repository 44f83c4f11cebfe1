"""The catalogue of crises: 45 kinds, each with its ages and our own material. It knows kinds of trouble, no persona."""
