//! Whether counts differ more than chance would have it.

/// Pearson's chi-square of counts that should all be the same.
pub(super) fn chi_square(counts: &[u64]) -> f64 {
    let mean = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|count| (*count as f64 - mean).powi(2) / mean).sum()
}

/// How probable a chi-square of at least this is by chance, with so many degrees of freedom.
///
/// One minus the regularised lower incomplete gamma function, by its series: all terms are positive,
/// so that it is exact enough wherever the result can be told from zero.
pub(super) fn p_value(chi_square: f64, freedom: u32) -> f64 {
    let (shape, x) = (f64::from(freedom) / 2.0, chi_square / 2.0);
    // Far beyond any doubt, and below what a float can hold.
    if x > 300.0 {
        return 0.0;
    }
    let mut term = x.powf(shape) * (-x).exp() / gamma_of_half(freedom + 2);
    let (mut sum, mut number) = (0.0, 0.0);
    while number < x || term > f64::EPSILON {
        sum += term;
        number += 1.0;
        term *= x / (shape + number);
    }
    (1.0 - sum).clamp(0.0, 1.0)
}

/// The gamma function at half of a whole number above zero.
fn gamma_of_half(twice: u32) -> f64 {
    let (first, start) =
        if twice.is_multiple_of(2) { (2, 1.0) } else { (1, std::f64::consts::PI.sqrt()) };
    (first..twice).step_by(2).fold(start, |product, below| product * f64::from(below) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_of_the_table() {
        for (chi_square, freedom, expected) in [
            (0.0, 9, 1.0),
            (3.325, 9, 0.95),
            (16.919, 9, 0.05),
            (21.666, 9, 0.01),
            (27.877, 9, 0.001),
            (3.841, 1, 0.05),
            (5.991, 2, 0.05),
            (124.342, 100, 0.05),
            (1e6, 9, 0.0),
        ] {
            let p = p_value(chi_square, freedom);
            assert!((p - expected).abs() < 1e-4, "{chi_square} with {freedom}: {p}");
        }
    }

    #[test]
    fn equal_counts_have_no_chi_square() {
        assert!(chi_square(&[7, 7, 7]).abs() < f64::EPSILON);
        assert!((chi_square(&[10, 20]) - 10.0 / 3.0).abs() < 1e-12);
    }
}
