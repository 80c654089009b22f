#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| migration_network_webhook::fuzz::cidr(data));
