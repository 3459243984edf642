//! Small systems of linear equations.

/// Rows of a square matrix.
pub(super) type Matrix<const SIZE: usize> = [[f64; SIZE]; SIZE];

/// The inverse, by Gauss and Jordan's elimination with the largest pivot of each column. None where there is none.
pub(super) fn inverse<const SIZE: usize>(mut matrix: Matrix<SIZE>) -> Option<Matrix<SIZE>> {
    let mut inverse = [[0.0; SIZE]; SIZE];
    for (index, row) in inverse.iter_mut().enumerate() {
        *row.get_mut(index)? = 1.0;
    }
    for column in 0..SIZE {
        let size = |rows: &Matrix<SIZE>, row: usize| {
            rows.get(row).and_then(|row| row.get(column)).map_or(0.0, |value| value.abs())
        };
        let pivot = (column..SIZE)
            .max_by(|left, right| size(&matrix, *left).total_cmp(&size(&matrix, *right)))?;
        matrix.swap(column, pivot);
        inverse.swap(column, pivot);
        let by = 1.0 / *matrix.get(column)?.get(column)?;
        if !by.is_finite() {
            return None;
        }
        let from = matrix.get(column)?.map(|value| value * by);
        let from_inverse = inverse.get(column)?.map(|value| value * by);
        for (index, (row, other)) in matrix.iter_mut().zip(&mut inverse).enumerate() {
            if index == column {
                (*row, *other) = (from, from_inverse);
                continue;
            }
            let times = *row.get(column)?;
            for (value, from) in row.iter_mut().zip(&from) {
                *value -= times * from;
            }
            for (value, from) in other.iter_mut().zip(&from_inverse) {
                *value -= times * from;
            }
        }
    }
    Some(inverse)
}

/// A matrix times a column.
pub(super) fn product<const SIZE: usize>(
    matrix: &Matrix<SIZE>,
    column: &[f64; SIZE],
) -> [f64; SIZE] {
    matrix.each_ref().map(|row| {
        let mut sum = 0.0;
        for (left, right) in row.iter().zip(column) {
            sum += left * right;
        }
        sum
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn inverse_undoes() {
        // The first pivot is zero until rows change places.
        let matrix = [[0.0, 2.0, 1.0], [4.0, -1.0, 3.0], [1.0, 1.0, 1.0]];
        let column = [3.0, -2.0, 0.5];
        let back = product(&inverse(matrix).unwrap(), &product(&matrix, &column));
        for (found, expected) in back.iter().zip(&column) {
            assert!((found - expected).abs() < 1e-14, "{found} is not {expected}");
        }
    }

    #[test]
    fn singular_matrices_have_none() {
        assert_eq!(inverse([[1.0, 2.0], [2.0, 4.0]]), None);
        assert_eq!(inverse([[f64::NAN, 2.0], [2.0, 4.0]]), None);
    }
}
