"""Who weighs a reply: the first panel of deterministic verifiers. They read what is on the page and where it leaves the Seeker."""
