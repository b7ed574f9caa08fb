//! The box's certificate authority and the certificates it makes.
