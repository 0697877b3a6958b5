//! Sets the linker flags that a Node addon needs, where there is the `node` feature, and says with
//! `cfg(vector_code)` whether our code for vector instructions is built at all.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let x86_64 = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64");
    if x86_64 && std::env::var_os("CARGO_FEATURE_PORTABLE_CRYPTO").is_none() {
        println!("cargo::rustc-cfg=vector_code");
    }
    if std::env::var_os("CARGO_FEATURE_NODE").is_some() {
        napi_build::setup();
    }
}
