"""The currencies of ISO 4217 (list one, amendment 180) and how many decimals each has.

Codes without a minor unit (gold, testing, "no currency") are left out: nothing can be billed in them. When
ISO withdraws a code from now on it stays in this table, because stored bookings carry it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bookbill.money.errors import MoneyError

_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_TWO_DECIMALS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
    RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_WITH_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR_DECIMALS = "CLF UYW"

_EXPONENTS = {
    code: exponent
    for exponent, codes in (
        (0, _WITHOUT_DECIMALS),
        (2, _WITH_TWO_DECIMALS),
        (3, _WITH_THREE_DECIMALS),
        (4, _WITH_FOUR_DECIMALS),
    )
    for code in codes.split()
}

CURRENCIES: Mapping[str, int] = MappingProxyType(dict(sorted(_EXPONENTS.items())))
"""Code to number of decimals, in the order of the alphabet."""


def is_currency(code: str) -> bool:
    """Whether this is a code to bill in, in capitals as ISO writes it."""
    return code in CURRENCIES


def exponent_of(currency: str) -> int:
    """The decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD. Raises MoneyError ``unknown_currency``."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise MoneyError("unknown_currency") from None
