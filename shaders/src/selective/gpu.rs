//! The kernels on burn's GPU backend.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::{CubeBackend, kernel::into_contiguous};

use super::SelectiveOps;
use crate::kernel::{dimensions, empty_like, launch, wgsl};

wgsl!(Forward, "forward.wgsl");
wgsl!(BackwardKernel, "backward.wgsl");

impl SelectiveOps for CubeBackend {
    fn selective_log_softmax(logits: FloatTensor<Self>, targets: IntTensor<Self>) -> FloatTensor<Self> {
        let (logits, targets) = (into_contiguous(logits), into_contiguous(targets));
        let [rows, classes] = dimensions(&logits);
        let result = empty_like(&logits, [rows, 1]);
        launch(Forward, &[&logits, &targets, &result], rows, &[classes]);
        result
    }

    fn selective_log_softmax_backward(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        logprobs: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (logits, targets) = (into_contiguous(logits), into_contiguous(targets));
        let (logprobs, gradient) = (into_contiguous(logprobs), into_contiguous(gradient));
        let [rows, classes] = dimensions(&logits);
        let result = empty_like(&logits, [rows, classes]);
        launch(BackwardKernel, &[&logits, &targets, &logprobs, &gradient, &result], rows, &[classes]);
        result
    }
}
