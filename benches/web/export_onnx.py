#!/usr/bin/env python3
# Writes a Llama-family model as the ONNX graph that transformers.js generates with.
#
#   pip install onnx==1.23.2 numpy==2.4.6 safetensors==0.8.0
#   python export_onnx.py MODEL OUT
#
# MODEL is a folder in the Hugging Face layout, such as assets/starter. OUT becomes one that
# `AutoModelForCausalLM.from_pretrained` of transformers.js opens: config.json and onnx/model.onnx in f32.
#
# The graph is written by hand and not traced, so that it is made of the fused operators that published
# models for the browser are made of (GroupQueryAttention with the rotation in it,
# SkipSimplifiedLayerNormalization): ONNX Runtime shall show what it can do. The key-value cache goes in
# as past_key_values.N.key and .value and comes out as present.N.key and .value.
#
# The copy of config.json knows no stop token: every answer that is timed has the same length.

import argparse
import json
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

FUSED = "com.microsoft"


class Graph:
    """Nodes and weights as they are added; every node's output is named after it."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, inputs, name, outputs=None, domain="", **attributes):
        outputs = outputs or [name]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, domain=domain, **attributes))
        return outputs[0]

    def product(self, x, name, matrix):
        # Hugging Face stores [out, in]; MatMul wants [in, out].
        return self.add("MatMul", [x, self.weight(f"{name}.weight", matrix.T)], name)


def rotations(config):
    width = config["hidden_size"] // config["num_attention_heads"]
    frequencies = config.get("rope_theta", 10000.0) ** (-np.arange(0, width, 2) / width)
    angles = np.outer(np.arange(config["max_position_embeddings"]), frequencies)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def lengths(graph):
    """What the fused attention asks for: the last position of each row, and the span of the longest."""
    one = graph.weight("one", np.array([1], np.int64))
    summed = graph.add("ReduceSum", ["attention_mask", one], "summed", keepdims=0)
    last = graph.add("Sub", [summed, one], "last_long")
    last = graph.add("Cast", [last], "last", to=TensorProto.INT32)
    shape = graph.add("Shape", ["attention_mask"], "mask_shape")
    span = graph.add("Gather", [shape, graph.weight("second", np.array(1, np.int64))], "span_long", axis=0)
    return last, graph.add("Cast", [span], "span", to=TensorProto.INT32)


def build(config, weights):
    graph = Graph()
    epsilon = config.get("rms_norm_eps", 1e-6)
    heads = config["num_attention_heads"]
    shared = config.get("num_key_value_heads", heads)
    width = config["hidden_size"] // heads
    layers = config["num_hidden_layers"]
    # The attention rotates for itself, but only heads of these widths.
    fused = width % 16 == 0

    last, span = lengths(graph)
    cosine, sine = rotations(config)
    cosine, sine = graph.weight("cosine", cosine), graph.weight("sine", sine)

    def rotate(x, heads):
        return graph.add("RotaryEmbedding", [x, "position_ids", cosine, sine], f"{x}.rotated", domain=FUSED,
                         num_heads=heads, interleaved=0)

    def norm(x, change, name, stored):
        """The norm of x + change and that sum itself, which is the residual stream."""
        scale = graph.weight(f"{name}.scale", weights[stored])
        if change is None:
            return graph.add("SimplifiedLayerNormalization", [x, scale], name, epsilon=epsilon, axis=-1), x
        total = f"{name}.sum"
        graph.add("SkipSimplifiedLayerNormalization", [x, change, scale], name,
                  outputs=[name, "", "", total], domain=FUSED, epsilon=epsilon)
        return name, total

    embedding = graph.weight("embedding", weights["model.embed_tokens.weight"])
    x, change = graph.add("Gather", [embedding, "input_ids"], "embedded", axis=0), None
    for layer in range(layers):
        at = f"model.layers.{layer}"
        matrix = lambda part: weights[f"{at}.{part}.weight"]  # noqa: B023, E731
        normed, x = norm(x, change, f"{at}.attention_norm", f"{at}.input_layernorm.weight")
        query, key, value = (
            graph.product(normed, f"{at}.{part}", matrix(f"self_attn.{part}_proj")) for part in "qkv"
        )
        if not fused:
            query, key = rotate(query, heads), rotate(key, shared)
        past = [f"past_key_values.{layer}.{kind}" for kind in ("key", "value")]
        present = [f"present.{layer}.{kind}" for kind in ("key", "value")]
        mixed = graph.add(
            "GroupQueryAttention", [query, key, value, *past, last, span, *([cosine, sine] if fused else [])],
            f"{at}.attention", outputs=[f"{at}.mixed", *present], domain=FUSED,
            num_heads=heads, kv_num_heads=shared, do_rotary=int(fused), rotary_interleaved=0,
        )
        change = graph.product(mixed, f"{at}.o", matrix("self_attn.o_proj"))
        normed, x = norm(x, change, f"{at}.feed_forward_norm", f"{at}.post_attention_layernorm.weight")
        gate = graph.product(normed, f"{at}.gate", matrix("mlp.gate_proj"))
        up = graph.product(normed, f"{at}.up", matrix("mlp.up_proj"))
        gate = graph.add("Mul", [gate, graph.add("Sigmoid", [gate], f"{at}.sigmoid")], f"{at}.silu")
        change = graph.product(graph.add("Mul", [gate, up], f"{at}.gated"), f"{at}.down", matrix("mlp.down_proj"))
    normed, _ = norm(x, change, "norm", "model.norm.weight")
    tied = config.get("tie_word_embeddings", False)
    graph.product(normed, "logits", weights["model.embed_tokens.weight" if tied else "lm_head.weight"])

    def value(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)

    def cache(name, time):
        return [
            value(f"{name}.{layer}.{kind}", TensorProto.FLOAT, ["batch_size", shared, time, width])
            for layer in range(layers) for kind in ("key", "value")
        ]

    inputs = [
        value("input_ids", TensorProto.INT64, ["batch_size", "time"]),
        value("attention_mask", TensorProto.INT64, ["batch_size", "total"]),
        *([] if fused else [value("position_ids", TensorProto.INT64, ["batch_size", "time"])]),
        *cache("past_key_values", "past"),
    ]
    outputs = [value("logits", TensorProto.FLOAT, ["batch_size", "time", config["vocab_size"]]), *cache("present", "total")]
    made = helper.make_graph(graph.nodes, "llama", inputs, outputs, graph.weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8, producer_name="selfsame")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("out", metavar="OUT")
    args = parser.parse_args()
    with open(os.path.join(args.model, "config.json")) as f:
        config = json.load(f)
    assert config["model_type"] == "llama" and not config.get("rope_scaling"), "only a plain Llama is known"
    weights = load_file(os.path.join(args.model, "model.safetensors"))
    weights = {name: values.astype(np.float32) for name, values in weights.items()}
    os.makedirs(os.path.join(args.out, "onnx"), exist_ok=True)
    onnx.save(build(config, weights), os.path.join(args.out, "onnx", "model.onnx"))
    del config["eos_token_id"]
    with open(os.path.join(args.out, "config.json"), "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")
    print(f"{args.out}: {sum(values.size for values in weights.values())} weights")


if __name__ == "__main__":
    main()
