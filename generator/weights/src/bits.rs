//! Bit fields in byte arrays, lowest bit first.

/// The `bits` (at most 64) bits from bit `at` on.
pub(crate) fn get(bytes: &[u8], at: usize, bits: u32) -> u64 {
    let mut value = 0;
    let mut done = 0;
    while done < bits {
        let (byte, shift, take) = piece(at, done, bits);
        let field = u64::from(bytes[byte] >> shift) & ((1 << take) - 1);
        value |= field << done;
        done += take;
    }
    value
}

/// Sets the `bits` (at most 64) bits from bit `at` on, which must be zero, to those of `value`.
pub(crate) fn put(bytes: &mut [u8], at: usize, bits: u32, value: u64) {
    let mut done = 0;
    while done < bits {
        let (byte, shift, take) = piece(at, done, bits);
        let field = (value >> done) & ((1 << take) - 1);
        bytes[byte] |= (field << shift) as u8;
        done += take;
    }
}

/// The byte that holds bit `at + done`, the bit's place in it and how many bits can be moved.
fn piece(at: usize, done: u32, bits: u32) -> (usize, u32, u32) {
    let position = at + done as usize;
    let shift = (position % 8) as u32;
    (position / 8, shift, (8 - shift).min(bits - done))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lowest_bit_comes_first() {
        let mut bytes = [0; 2];
        put(&mut bytes, 6, 4, 0b1001);
        assert_eq!(bytes, [0b0100_0000, 0b0000_0010]);
    }

    proptest! {
        #[test]
        fn a_field_reads_back_and_leaves_its_neighbours(
            at in 0usize..20,
            bits in 1u32..=64,
            value: u64,
        ) {
            let value = value & (u64::MAX >> (64 - bits));
            let mut bytes = [0; 12];
            put(&mut bytes, at, bits, value);
            prop_assert_eq!(get(&bytes, at, bits), value);
            let others = bytes.iter().map(|b| b.count_ones()).sum::<u32>();
            prop_assert_eq!(others, value.count_ones());
        }
    }
}
