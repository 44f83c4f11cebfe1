"""What Seekers have to tell: a story for each situation of the catalogue, and the ways in which one listens, doubts and ends."""
