//! The table agrees with itself and with the model.
