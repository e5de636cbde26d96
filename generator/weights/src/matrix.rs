//! Real matrices.

use bitplane_spec::Problem;

/// A matrix of finite numbers with at least one row and one column, row-major.
///
/// Weight matrices are [output channels, input channels]; activation matrices [tokens, channels].
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    data: Vec<f32>,
}

impl Matrix {
    /// A matrix of `rows` by `columns` from its elements in row-major order.
    ///
    /// # Errors
    /// `matrix-empty` without elements, `matrix-shape` if `data` has another length than the
    /// shape says, `matrix-not-finite` for a NaN or an infinity, with its position.
    pub fn new(rows: usize, columns: usize, data: Vec<f32>) -> Result<Self, Problem> {
        if rows == 0 || columns == 0 {
            return Err(empty(rows, columns));
        }
        if rows.checked_mul(columns) != Some(data.len()) {
            return Err(wrong_length(rows, columns, data.len()));
        }
        match first_not_finite(&data) {
            None => Ok(Self { rows, columns, data }),
            Some((at, value)) => {
                let place = format!("row {}, column {}", at / columns, at % columns);
                Err(not_finite(&place, value))
            }
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All elements, row by row.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Columns as rows.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let column = |column: usize| (0..self.rows).map(move |row| self.row(row)[column]);
        let data = (0..self.columns).flat_map(column).collect();
        Self { rows: self.columns, columns: self.rows, data }
    }

    /// The matrix of `function` of every element.
    pub(crate) fn map(&self, function: impl Fn(f32) -> f32) -> Self {
        Self { data: self.data.iter().map(|&element| function(element)).collect(), ..*self }
    }

    /// The elements of one row.
    ///
    /// # Panics
    /// If `row` is not below [`Matrix::rows`].
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.columns..][..self.columns]
    }
}

/// Normalised mean square error of `approximation`: the sum of its squared differences from
/// `reference` over the sum of the squares of `reference`. 0 if both are all zero.
pub fn nmse(reference: &[f32], approximation: &[f32]) -> f64 {
    let square = |x: f64| x * x;
    let error: f64 = reference
        .iter()
        .zip(approximation)
        .map(|(&r, &a)| square(f64::from(r) - f64::from(a)))
        .sum();
    let power: f64 = reference.iter().map(|&r| square(f64::from(r))).sum();
    if error == 0.0 { 0.0 } else { error / power }
}

/// Position and value of the first NaN or infinity.
pub(crate) fn first_not_finite(data: &[f32]) -> Option<(usize, f32)> {
    data.iter().copied().enumerate().find(|(_, value)| !value.is_finite())
}

/// The problem of a NaN or an infinity at `place`.
pub(crate) fn not_finite(place: &str, value: f32) -> Problem {
    Problem::new(
        "matrix-not-finite",
        "",
        format!(
            "the element at {place} is {value}; every element must be finite, because a scale is \
             taken from all of them"
        ),
        "repair the tensor, or choose another one",
    )
}

fn empty(rows: usize, columns: usize) -> Problem {
    Problem::new(
        "matrix-empty",
        "",
        format!("the shape [{rows}, {columns}] has no elements; at least one is needed"),
        "choose a tensor with elements",
    )
}

fn wrong_length(rows: usize, columns: usize, length: usize) -> Problem {
    Problem::new(
        "matrix-shape",
        "",
        format!("{length} elements do not fill the shape [{rows}, {columns}]"),
        "give rows times columns elements",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_slice_of_the_row_major_data() {
        let matrix = Matrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(matrix.row(1), [4.0, 5.0, 6.0]);
    }

    #[test]
    fn a_matrix_that_is_empty_ragged_or_not_finite_is_refused() {
        let code = |rows, columns, data| Matrix::new(rows, columns, data).unwrap_err().code;
        assert_eq!(code(0, 3, vec![]), "matrix-empty");
        assert_eq!(code(2, 2, vec![0.0; 3]), "matrix-shape");
        assert_eq!(code(usize::MAX, 2, vec![]), "matrix-shape");
        assert_eq!(code(1, 1, vec![f32::NAN]), "matrix-not-finite");
    }

    #[test]
    fn a_number_that_is_not_finite_is_named_with_its_position() {
        let data = vec![0.0, 0.0, 0.0, f32::NEG_INFINITY];
        let problem = Matrix::new(2, 2, data).unwrap_err();
        insta::assert_snapshot!(problem, @"the element at row 1, column 1 is -inf; every element must be finite, because a scale is taken from all of them");
    }

    #[test]
    fn the_error_is_relative_to_the_power_of_the_reference() {
        assert_eq!(nmse(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert_eq!(nmse(&[3.0, 4.0], &[0.0, 0.0]), 1.0);
        assert_eq!(nmse(&[0.0], &[0.0]), 0.0);
    }
}
