//! A test double of a cryptographic module with the C interface of GM/T 0018—2012 (SDF): as much of it as wrapping keys
//! takes. It is loaded by the gateway in tests, and protects nothing: its key-encrypting keys are made of their index.
//!
//! How it behaves stands in the file that `SDF_DOUBLE_MODE` names, read at each call: `good` (or no file), `down`, `hang`,
//! `fail`, `refuse`, `garbage`, `wrong-key`, `overlong`.
#![allow(unsafe_code, reason = "a C interface is made of raw pointers")]
#![allow(non_snake_case, reason = "the names are those of the standard")]
#![allow(clippy::indexing_slicing, reason = "blocks have a fixed length")]
#![allow(clippy::too_many_arguments, reason = "the standard's functions have so many")]

use sm4::Sm4;
use sm4::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use std::ffi::{c_int, c_uchar, c_uint, c_void};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A session key behind a handle.
struct Key([u8; BLOCK]);

/// Opens the device.
///
/// # Safety
/// `device` points to a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_OpenDevice(device: *mut *mut c_void) -> c_int {
    let code = met();
    if code == OK {
        // SAFETY: promised by the caller.
        unsafe { *device = DEVICE as *mut c_void };
    }
    code
}

/// Closes the device.
#[unsafe(no_mangle)]
pub extern "C" fn SDF_CloseDevice(device: *mut c_void) -> c_int {
    if device as usize == DEVICE { OK } else { INARGERR }
}

/// Opens a session.
///
/// # Safety
/// `session` points to a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_OpenSession(device: *mut c_void, session: *mut *mut c_void) -> c_int {
    if device as usize != DEVICE {
        return INARGERR;
    }
    // SAFETY: promised by the caller.
    unsafe { *session = SESSION as *mut c_void };
    met()
}

/// Closes a session.
#[unsafe(no_mangle)]
pub extern "C" fn SDF_CloseSession(session: *mut c_void) -> c_int {
    if session as usize == SESSION { OK } else { INARGERR }
}

/// Numbers that are random enough for a test.
///
/// # Safety
/// `random` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_GenerateRandom(
    session: *mut c_void,
    length: c_uint,
    random: *mut c_uchar,
) -> c_int {
    if session as usize != SESSION {
        return INARGERR;
    }
    for at in 0..length as usize {
        // SAFETY: promised by the caller.
        unsafe { *random.add(at) = next_byte() };
    }
    met()
}

/// A new session key: its handle, and itself wrapped under the key-encrypting key of this index.
///
/// # Safety
/// `wrapped` points to as many bytes as `length` says, `key` to a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_GenerateKeyWithKEK(
    session: *mut c_void,
    bits: c_uint,
    algorithm: c_uint,
    kek: c_uint,
    wrapped: *mut c_uchar,
    length: *mut c_uint,
    key: *mut *mut c_void,
) -> c_int {
    match refusal(session, algorithm, SM4_ECB) {
        OK if bits != 128 => return ALGNOTSUPPORT,
        OK => {}
        code => return code,
    }
    let secret: [u8; BLOCK] = std::array::from_fn(|_| next_byte());
    let mut block = secret.into();
    cipher(&kek_of(kek)).encrypt_block(&mut block);
    // SAFETY: promised by the caller; the length is looked at first.
    unsafe {
        if (*length as usize) < BLOCK {
            return OUTARGERR;
        }
        std::ptr::copy_nonoverlapping(block.as_ptr(), wrapped, BLOCK);
        *length = if is("overlong") { c_uint::MAX } else { BLOCK as c_uint };
        *key = Box::into_raw(Box::new(Key(secret))).cast();
    }
    OK
}

/// A session key that was wrapped.
///
/// # Safety
/// `wrapped` points to `length` bytes, `key` to a place for a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_ImportKeyWithKEK(
    session: *mut c_void,
    algorithm: c_uint,
    kek: c_uint,
    wrapped: *mut c_uchar,
    length: c_uint,
    key: *mut *mut c_void,
) -> c_int {
    match refusal(session, algorithm, SM4_ECB) {
        OK if length as usize != BLOCK => return INARGERR,
        OK => {}
        code => return code,
    }
    let mut block = [0; BLOCK];
    // SAFETY: promised by the caller.
    unsafe { std::ptr::copy_nonoverlapping(wrapped, block.as_mut_ptr(), BLOCK) };
    let mut block = block.into();
    cipher(&kek_of(kek)).decrypt_block(&mut block);
    // SAFETY: promised by the caller.
    unsafe { *key = Box::into_raw(Box::new(Key(block.into()))).cast() };
    OK
}

/// Forgets a session key.
///
/// # Safety
/// The handle is one of this module's and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_DestroyKey(session: *mut c_void, key: *mut c_void) -> c_int {
    if session as usize != SESSION || key.is_null() {
        return INARGERR;
    }
    // SAFETY: promised by the caller.
    drop(unsafe { Box::from_raw(key.cast::<Key>()) });
    OK
}

/// SM4-CBC without padding, as the standard has it.
///
/// # Safety
/// The handle is one of this module's; the buffers are as long as they are said to be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_Encrypt(
    session: *mut c_void,
    key: *mut c_void,
    algorithm: c_uint,
    iv: *mut c_uchar,
    data: *mut c_uchar,
    length: c_uint,
    out: *mut c_uchar,
    out_length: *mut c_uint,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe {
        crypt(session, key, algorithm, [iv, data, out], length, out_length, |cipher, iv, block| {
            let mut mixed: [u8; BLOCK] = std::array::from_fn(|at| block[at] ^ iv[at]);
            let mut coded = mixed.into();
            cipher.encrypt_block(&mut coded);
            mixed = coded.into();
            *iv = mixed;
            mixed
        })
    }
}

/// The inverse.
///
/// # Safety
/// As of [`SDF_Encrypt`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SDF_Decrypt(
    session: *mut c_void,
    key: *mut c_void,
    algorithm: c_uint,
    iv: *mut c_uchar,
    data: *mut c_uchar,
    length: c_uint,
    out: *mut c_uchar,
    out_length: *mut c_uint,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe {
        crypt(session, key, algorithm, [iv, data, out], length, out_length, |cipher, iv, block| {
            let mut coded = block.into();
            cipher.decrypt_block(&mut coded);
            let coded: [u8; BLOCK] = coded.into();
            let plain = std::array::from_fn(|at| coded[at] ^ iv[at]);
            *iv = block;
            plain
        })
    }
}

/// # Safety
/// As of [`SDF_Encrypt`].
unsafe fn crypt(
    session: *mut c_void,
    key: *mut c_void,
    algorithm: c_uint,
    [iv, data, out]: [*mut c_uchar; 3],
    length: c_uint,
    out_length: *mut c_uint,
    step: impl Fn(&Sm4, &mut [u8; BLOCK], [u8; BLOCK]) -> [u8; BLOCK],
) -> c_int {
    match refusal(session, algorithm, SM4_CBC) {
        OK if key.is_null() || !(length as usize).is_multiple_of(BLOCK) => return INARGERR,
        OK => {}
        code => return code,
    }
    // SAFETY: promised by the caller; the room is looked at before anything is written.
    unsafe {
        if *out_length < length {
            return OUTARGERR;
        }
        let secret = &(*key.cast::<Key>()).0;
        let cipher = cipher(secret);
        let mut chain = [0; BLOCK];
        std::ptr::copy_nonoverlapping(iv, chain.as_mut_ptr(), BLOCK);
        for at in (0..length as usize).step_by(BLOCK) {
            let mut block = [0; BLOCK];
            std::ptr::copy_nonoverlapping(data.add(at), block.as_mut_ptr(), BLOCK);
            let block = step(&cipher, &mut chain, block);
            std::ptr::copy_nonoverlapping(block.as_ptr(), out.add(at), BLOCK);
        }
        // As real libraries do: the next block's IV.
        std::ptr::copy_nonoverlapping(chain.as_ptr(), iv, BLOCK);
        *out_length = if is("garbage") { 3 } else { length };
    }
    OK
}

fn refusal(session: *mut c_void, algorithm: c_uint, known: c_uint) -> c_int {
    match met() {
        OK if session as usize != SESSION => INARGERR,
        OK if algorithm != known => ALGNOTSUPPORT,
        code => code,
    }
}

/// What the mode has in store for a call.
fn met() -> c_int {
    while is("hang") {
        std::thread::sleep(Duration::from_millis(20));
    }
    match () {
        () if is("down") => COMMFAIL,
        () if is("fail") => HARDFAIL,
        () if is("refuse") => PARDENY,
        () => OK,
    }
}

fn is(mode: &str) -> bool {
    let told = std::env::var_os("SDF_DOUBLE_MODE").and_then(|file| std::fs::read_to_string(file).ok());
    told.is_some_and(|told| told.trim() == mode)
}

fn kek_of(index: c_uint) -> [u8; BLOCK] {
    let [byte, ..] = index.to_le_bytes();
    [byte ^ if is("wrong-key") { 0x55 } else { 0xa7 }; BLOCK]
}

fn cipher(key: &[u8; BLOCK]) -> Sm4 {
    Sm4::new(&(*key).into())
}

/// SplitMix64 from the clock and a counter.
fn next_byte() -> u8 {
    static STATE: AtomicU64 = AtomicU64::new(0);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let turn = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    let mut mixed = turn ^ clock.subsec_nanos() as u64;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let [byte, ..] = (mixed ^ (mixed >> 31)).to_le_bytes();
    byte
}

const BLOCK: usize = 16;
const DEVICE: usize = 0x1001;
const SESSION: usize = 0x2001;
const SM4_ECB: c_uint = 0x401;
const SM4_CBC: c_uint = 0x402;
/// Codes of GM/T 0018—2012 Annex A.
const OK: c_int = 0;
const COMMFAIL: c_int = 0x0100_0003;
const HARDFAIL: c_int = 0x0100_0004;
const PARDENY: c_int = 0x0100_0007;
const ALGNOTSUPPORT: c_int = 0x0100_0009;
const INARGERR: c_int = 0x0100_001d;
const OUTARGERR: c_int = 0x0100_001e;
