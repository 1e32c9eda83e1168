"""From a user's files, or from a generator, to one list of dialogues."""
