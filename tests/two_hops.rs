//! Every property holds from A through the host to B.
