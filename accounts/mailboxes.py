"""The canonical form of an address, which accounts are compared, counted and stored by."""

import re
import unicodedata

# A local part in quotes that needs none (RFC 5321, section 4.1.2): "alice"@x is alice@x.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


# The form of every stored address, for a constraint on both databases.
CANONICAL = r"^[!-?\[-~]+@[!-?\[-~]+$"  # visible ASCII without capitals


def canonical(address: str) -> str:
    """The canonical address: NFKC, lower case, the domain in ASCII.

    The domain follows IDNA 2008 with the mapping of UTS 46. Raises ValueError if the address cannot
    get mail: its domain cannot exist in DNS, or its local part needs quotes or is not ASCII.
    """
    local, at, domain = unicodedata.normalize("NFKC", address).strip().rpartition("@")
    found = f"{_plain(local)}{at}{_in_ascii(domain)}"
    # Django accepts a dotless i as an i, and a network address with many spellings as a domain.
    if at and (domain.startswith("[") or not re.search(CANONICAL, found)):
        raise ValueError("This address has no form that every server knows.")
    return found


def key_of(address: str) -> str:
    """The key of limits: the canonical address, or the typed text if there is none."""
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
    """Import `idna` only for addresses outside ASCII, because it takes 50 ms."""
    domain = domain.lower()
    if domain.isascii() and "xn--" not in domain:
        return domain
    import idna  # noqa: PLC0415 - for the few addresses that need it

    return idna.encode(domain, uts46=True).decode()
