//! Folders that only their owner may look into: made as every program of Daypass makes them.

pub(crate) use daypass_api::home::private_folder as private;
