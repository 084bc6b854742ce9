"""One spelling for one mailbox: what accounts are compared, counted and stored by."""

import re
import unicodedata

# A local part in quotes that needs none (RFC 5321, section 4.1.2): "alice"@x is alice@x.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


# What every stored address looks like; for a condition of the database, on both of them.
CANONICAL = r"^[!-?\[-~]+@[!-?\[-~]+$"  # visible ASCII without capitals


def canonical(address: str) -> str:
    """The one spelling of this address: lower case, compatible characters, the domain in ASCII.

    The domain follows IDNA 2008 with the mapping of UTS 46. Raises ValueError if the address
    cannot be mailed: a domain that does not exist in DNS, a local part that needs its quotes or is
    not ASCII.
    """
    local, at, domain = unicodedata.normalize("NFKC", address).strip().rpartition("@")
    found = f"{_plain(local)}{at}{_in_ascii(domain)}"
    # Django takes a dotless i for an i, and for a domain a network address, which has spellings.
    if at and (domain.startswith("[") or not re.search(CANONICAL, found)):
        raise ValueError("This address has no form that every server knows.")
    return found


def key_of(address: str) -> str:
    """What limits count by; an address that has no canonical form counts as it was typed."""
    try:
        return canonical(address)
    except ValueError:
        return address.strip().lower()


def _plain(local: str) -> str:
    if quoted := _QUOTED.fullmatch(local):
        local = re.sub(r"\\(.)", r"\1", quoted[1])
        if not _ATOMS.fullmatch(local):
            raise ValueError("This local part needs its quotes.")
    return local.lower()


def _in_ascii(domain: str) -> str:
    """`idna` takes 50 ms to import, so that only addresses outside ASCII pay for it."""
    domain = domain.lower()
    if domain.isascii() and "xn--" not in domain:
        return domain
    import idna  # noqa: PLC0415 - for the few addresses that need it

    return idna.encode(domain, uts46=True).decode()
