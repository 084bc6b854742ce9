from config import env
from config.settings.runtime import PRODUCTION

SMS_PROVIDER = env.text("SMS_PROVIDER", default="" if PRODUCTION else "console")
SMS_ENABLED = env.flag("SMS_ENABLED", default=True)
# The limit of an account is its allowance in the admin: zero until staff grant one.
SMS_DESTINATION_DAILY_LIMIT = env.integer("SMS_DESTINATION_DAILY_LIMIT", default=10)
SMS_COUNTRY_DAILY_LIMIT = env.integer("SMS_COUNTRY_DAILY_LIMIT", default=200)
# The price of one segment, by country, from the price list of the provider.
SMS_PRICES = env.prices("SMS_PRICES")
# The dotted path of the function that answers messages from verified numbers; empty: none.
SMS_ANSWERS = env.text("SMS_ANSWERS", default="todos.answers.answer")
# Messages with verification codes; 0: none. They do not count against an allowance.
SMS_CODES_DAILY = env.integer("SMS_CODES_DAILY", default=0 if PRODUCTION else 20)
SMS_DAILY_LIMIT = env.integer("SMS_DAILY_LIMIT", default=500)  # all accounts together
SMS_MONTHLY_SEGMENTS = env.integer("SMS_MONTHLY_SEGMENTS", default=2000)
SMS_PER_MINUTE = env.integer("SMS_PER_MINUTE", default=600)  # of a backlog
SMS_MAX_SEGMENTS = env.integer("SMS_MAX_SEGMENTS", default=4)  # of one message
SMS_ALLOWED_REGIONS = env.names("SMS_ALLOWED_REGIONS")  # empty: the region of TO_NUMBER
# The short names come first; the aliases are for environments that use those for other things.
TWILIO_ACCOUNT_SID = env.text("ACCOUNT_SID", "TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env.text("AUTH_TOKEN", "TWILIO_AUTH_TOKEN")
SMS_FROM_NUMBER = env.text("FROM_NUMBER", "TWILIO_FROM_NUMBER")
SMS_TO_NUMBER = env.text("TO_NUMBER", "TWILIO_TO_NUMBER")
TWILIO_API_BASE_URL = env.text("TWILIO_API_BASE_URL", default="https://api.twilio.com")
# A pool of senders instead of FROM_NUMBER.
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID")
# The public URL of this service, with the stage: for callbacks and their signatures.
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", "API_URL")
AWS_SMS_REGION = env.text("AWS_SMS_REGION")
AWS_SMS_ORIGINATION_IDENTITY = env.text("AWS_SMS_ORIGINATION_IDENTITY", "FROM_NUMBER")
AWS_SMS_CONFIGURATION_SET = env.text("AWS_SMS_CONFIGURATION_SET")
