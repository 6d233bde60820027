"""How large observations may be. Reading them enforces it; no other rule lives here."""

MAX_METRIC_NAME = 200  # characters
MAX_LABELS = 32  # per series
MAX_LABEL_NAME = 100  # characters
MAX_LABEL_VALUE = 500  # characters

MAX_BODY_BYTES = 5_000_000  # one push or batch, unpacked
MAX_LINES = 50_000  # in one push as text, comments and empty lines counted
MAX_LINE_LENGTH = 24_000  # characters
MAX_SAMPLES = 50_000  # in one push as JSON
MAX_HELP = 1_000  # characters that are kept of a HELP line

MAX_EVENTS = 1_000  # in one batch
MAX_EVENT_NAME = 200  # characters
MAX_UNIT = 200  # characters in a targeting key or an anonymous id
MAX_EVENT_ID = 200  # characters
MAX_PROPERTIES = 200  # in one object of an event, and items in one array
MAX_PROPERTY_NAME = 200  # characters
MAX_PROPERTIES_SIZE = 16_384  # every value counts 1, every text and name its characters as well
MAX_PROPERTIES_DEPTH = 5  # objects and arrays, the properties themselves counted
INTEGER_BITS = 64  # of a whole number, the sign counted

LATE_DAYS = 7  # how old an event or a sample may be when it arrives
FUTURE_SECONDS = 300  # how far ahead a sender's clock may be
