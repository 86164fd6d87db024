//! Who calls, as proven by token, JWT or certificate.
