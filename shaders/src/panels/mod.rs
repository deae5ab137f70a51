//! Matrices laid out for the processor: panels of sixteen outputs, within which what one input is multiplied by lies
//! together. A product then reads its matrix once from one end to the other, with few rows as with many, and keeps the
//! sums of several rows in registers (the packed panels of Goto and van de Geijn, "Anatomy of high-performance matrix
//! multiplication", ACM TOMS 34(3), 2008, packed once instead of for every product).

mod cpu;

use burn::{
    backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor},
    tensor::Tensor,
};

/// A frozen matrix, `[out, in]`, in panels. On the CPU only. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Panels {
    /// `[panels, in, LANES]`; zeros fill the last panel.
    panels: Tensor<3>,
    /// How many outputs there are.
    outputs: usize,
}

impl Panels {
    /// A copy of a matrix, `[out, in]`.
    #[must_use]
    pub fn new(matrix: Tensor<2>) -> Self {
        let matrix = if matrix.is_autodiff() { matrix.inner() } else { matrix };
        let outputs = matrix.dims()[0];
        Self { panels: Tensor::from_dispatch(Dispatch::panels_of(matrix.into_dispatch())), outputs }
    }

    /// Outputs and inputs.
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        [self.outputs, self.panels.dims()[1]]
    }

    /// `x · matrixᵀ`: `[rows, in]` to `[rows, out]`, without a gradient. A row's result does not depend on the other
    /// rows, to the last bit.
    #[must_use]
    pub fn linear(&self, x: Tensor<2>) -> Tensor<2> {
        let panels = self.panels.clone().into_dispatch();
        Tensor::from_dispatch(Dispatch::product_with_panels(x.into_dispatch(), panels, self.outputs))
    }

    /// The matrix as it was, `[out, in]`.
    #[must_use]
    pub fn matrix(&self) -> Tensor<2> {
        let [panels, inputs, lanes] = self.panels.dims();
        let rows = self.panels.clone().swap_dims(1, 2).reshape([panels * lanes, inputs]);
        rows.slice([0..self.outputs, 0..inputs])
    }
}

/// The operations as burn's backends see them.
#[backend_extension(Flex)]
pub trait PanelOps: Backend {
    /// The panels of a matrix, `[panels, in, LANES]` from `[out, in]`.
    fn panels_of(matrix: FloatTensor<Self>) -> FloatTensor<Self>;

    /// See [`Panels::linear`].
    fn product_with_panels(x: FloatTensor<Self>, panels: FloatTensor<Self>, outputs: usize) -> FloatTensor<Self>;
}

#[cfg(test)]
mod tests;
