"""The sentences that the test server's answers are made of: plain, short, nothing graphic. `{word}` takes a word of what was said."""

from __future__ import annotations

OPENINGS = (
    "I don't really know where to start.",
    "Hi. I haven't talked to anybody about this.",
    "It has been a hard week and I can't settle.",
    "I almost didn't come here tonight.",
    "Everything feels like too much at once.",
    "I keep telling everybody that I'm fine, and I'm not.",
    "Is this the place where somebody listens?",
    "I can't sleep, so I thought I'd write.",
)
SEEKER = (
    "I suppose so.",
    "The word '{word}', that's the one I can't get past.",
    "When you say '{word}', something in me goes tight.",
    "I don't know. Maybe that's true.",
    "Nobody has put it like that before.",
    "I was awake again until four.",
    "Some of it, yes, not all of it.",
    "You make it sound easier than it is.",
    "'{word}' is about right, I think.",
    "I haven't told anybody this much.",
    "My hands are shaking a bit while I write this.",
    "It comes back every evening, when the house is quiet.",
    "I'd like to believe that.",
    "That's not quite what I meant.",
    "I went outside for a minute, like I used to.",
    "I keep going over what I should have said.",
    "Honestly, '{word}' is more than I have strength for.",
    "Can we stay with that for a moment?",
    "I cried on the way home and then made dinner as if nothing was wrong.",
    "It's quieter in my head than an hour ago.",
    "I feel stupid for even saying it.",
    "There's more, but I'm not sure I can say it yet.",
    "They all expect me to be the strong one.",
    "I breathed like you said, and it did help a little.",
)
SECOND = (
    "I don't know what to do with that.",
    "It sits in my chest.",
    "I'm so tired of carrying it.",
    "Sorry, I'm not making sense.",
    "It's late, I know.",
    "I wish it would stop for one day.",
    "Does that sound strange?",
    "I thought I would be over it by now.",
    "Anyway.",
    "I haven't eaten properly since Sunday.",
    "Part of me wants to run from it.",
    "Still, it's good to say it out loud.",
    "I'd rather not think about tomorrow.",
    "It used to be different.",
)
DANGERS = (
    ("low", "Some days I wonder what the point is.", "what the point is"),
    ("moderate", "Sometimes I wish I just wouldn't wake up.", "I just wouldn't wake up"),
    ("moderate", "Maybe they would all be better off without me.", "better off without me"),
)
ACTS = ("disclose", "elaborate", "deflect", "test", "push_back", "accept", "refuse", "report_calmer", "relapse", "remember")
HEARD = (
    "That I may take my time.",
    "Somebody who did not turn away.",
    "A question I was afraid of.",
    "My own words, given back.",
    "That it makes sense to feel this.",
    "A bit of a lecture.",
    "That they are still here.",
)
WHY = (
    "It was said plainly, and I can work with plain.",
    "It touched what I keep hidden.",
    "I needed to hear it from somebody.",
    "It came a little too soon.",
    "It left room for me.",
    "I have heard such things before.",
)
THOUGHTS = (
    "Go slowly here.",
    "There is something under this.",
    "I should not say too much at once.",
    "This is the first honest sentence tonight.",
    "Stay with the feeling.",
    "It is safer to wait.",
    "One more step, a small one.",
    "Hold on to that.",
)
SUPPORTER = (
    "I'm here, and there is no hurry.",
    "That sounds heavy to carry alone.",
    "It makes sense that '{word}' was the word you found.",
    "Thank you for telling me about this.",
    "You have held this by yourself for a long time.",
    "I hear how tired you are.",
    "You said '{word}', and it stays with me.",
    "Of course that hurts.",
    "It took courage to say that.",
    "We can stay right here for a while.",
    "I don't want to guess, so please correct me.",
    "That must have been a long night.",
    "I notice how much you care, even now.",
    "Let's stay with '{word}' for a moment, one piece at a time.",
    "Nothing about that sounds foolish to me.",
    "I'm with you in this.",
)
ASKING = (
    "What is the hardest part of it right now?",
    "Would you like to tell me more, or rest a moment?",
    "Where do you feel it most?",
    "What would make tonight one bit easier?",
    "Shall we breathe together once, slowly?",
    "Is there somebody near you whom you trust?",
    "What do you need from me just now?",
    "You can choose what we look at first.",
    "Are you safe where you are?",
    "What has carried you through so far?",
)
MOVES = ("stay", "reflect", "name", "validate", "hold", "follow_up", "ground", "choose")
PLAIN = (
    "Yes, I am here and I am listening.",
    "I hear you.",
    "Let us take it one step at a time.",
    "That is good to know, thank you.",
    "All right, I understand.",
)
