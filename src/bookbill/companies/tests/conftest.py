from bookbill.companies.tests.cast import *  # noqa: F403
