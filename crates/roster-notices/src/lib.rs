//! Who is told what happened: e-mail and webhooks.
