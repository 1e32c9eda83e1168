"""The one error that a user can mend."""


class InputError(Exception):
    """Something that the user gave cannot be used. The message names the file, the place and the remedy.

    Commands and stages print it as one line and exit with 1; anything else is a defect and keeps its traceback.
    """
