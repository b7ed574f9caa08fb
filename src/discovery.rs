//! mDNS: the box says its name on the clinic's network. Discovery is never identity.
