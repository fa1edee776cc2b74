// oneDNN 2.6, the v2 C API. Every primitive descriptor is made in one call from memory descriptors passed by value:
// the operation descriptors of the v2 API (`*_desc_init`) do not leave this file.
#pragma once
#include <oneapi/dnnl/dnnl.h>

typedef struct {
  int64_t strides[2], dilations[2], before[2], after[2];
} odnn_window;

/// A memory descriptor without dimensions stands for "none".
static inline const dnnl_memory_desc_t *odnn_optional(const dnnl_memory_desc_t *d) { return d->ndims ? d : 0; }

static inline dnnl_status_t odnn_convolution_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, int training, dnnl_memory_desc_t src,
    dnnl_memory_desc_t weights, dnnl_memory_desc_t bias, dnnl_memory_desc_t dst, odnn_window w,
    dnnl_alg_kind_t algorithm) {
  dnnl_convolution_desc_t d;
  dnnl_status_t s = dnnl_dilated_convolution_forward_desc_init(
      &d, training ? dnnl_forward_training : dnnl_forward_inference, algorithm, &src, &weights,
      odnn_optional(&bias), &dst, w.strides, w.dilations, w.before, w.after);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_convolution_backward_data(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_memory_desc_t diff_src, dnnl_memory_desc_t weights, dnnl_memory_desc_t diff_dst, odnn_window w,
    dnnl_alg_kind_t algorithm) {
  dnnl_convolution_desc_t d;
  dnnl_status_t s = dnnl_dilated_convolution_backward_data_desc_init(
      &d, algorithm, &diff_src, &weights, &diff_dst, w.strides, w.dilations, w.before, w.after);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_convolution_backward_weights(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_memory_desc_t src, dnnl_memory_desc_t diff_weights, dnnl_memory_desc_t diff_bias, dnnl_memory_desc_t diff_dst,
    odnn_window w,
    dnnl_alg_kind_t algorithm) {
  dnnl_convolution_desc_t d;
  dnnl_status_t s = dnnl_dilated_convolution_backward_weights_desc_init(
      &d, algorithm, &src, &diff_weights, odnn_optional(&diff_bias), &diff_dst, w.strides, w.dilations,
      w.before, w.after);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_inner_product_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, int training, dnnl_memory_desc_t src,
    dnnl_memory_desc_t weights, dnnl_memory_desc_t bias, dnnl_memory_desc_t dst) {
  dnnl_inner_product_desc_t d;
  dnnl_status_t s = dnnl_inner_product_forward_desc_init(
      &d, training ? dnnl_forward_training : dnnl_forward_inference, &src, &weights, odnn_optional(&bias), &dst);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_inner_product_backward_data(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_memory_desc_t diff_src, dnnl_memory_desc_t weights, dnnl_memory_desc_t diff_dst) {
  dnnl_inner_product_desc_t d;
  dnnl_status_t s = dnnl_inner_product_backward_data_desc_init(&d, &diff_src, &weights, &diff_dst);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_inner_product_backward_weights(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_memory_desc_t src, dnnl_memory_desc_t diff_weights, dnnl_memory_desc_t diff_bias,
    dnnl_memory_desc_t diff_dst) {
  dnnl_inner_product_desc_t d;
  dnnl_status_t s = dnnl_inner_product_backward_weights_desc_init(
      &d, &src, &diff_weights, odnn_optional(&diff_bias), &diff_dst);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_pooling_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, int training, dnnl_alg_kind_t kind,
    dnnl_memory_desc_t src, dnnl_memory_desc_t dst, int64_t height, int64_t width, odnn_window w) {
  dnnl_pooling_desc_t d;
  int64_t kernel[2] = {height, width};
  dnnl_status_t s = dnnl_pooling_forward_desc_init(
      &d, training ? dnnl_forward_training : dnnl_forward_inference, kind, &src, &dst, w.strides, kernel, w.before,
      w.after);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_pooling_backward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_alg_kind_t kind, dnnl_memory_desc_t diff_src, dnnl_memory_desc_t diff_dst, int64_t height, int64_t width,
    odnn_window w) {
  dnnl_pooling_desc_t d;
  int64_t kernel[2] = {height, width};
  dnnl_status_t s = dnnl_pooling_backward_desc_init(
      &d, kind, &diff_src, &diff_dst, w.strides, kernel, w.before, w.after);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_batch_normalization_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, int training, dnnl_memory_desc_t data,
    float epsilon, unsigned flags) {
  dnnl_batch_normalization_desc_t d;
  dnnl_status_t s = dnnl_batch_normalization_forward_desc_init(
      &d, training ? dnnl_forward_training : dnnl_forward_inference, &data, epsilon, flags);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_batch_normalization_backward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_memory_desc_t diff_data, dnnl_memory_desc_t data, float epsilon, unsigned flags) {
  dnnl_batch_normalization_desc_t d;
  dnnl_status_t s = dnnl_batch_normalization_backward_desc_init(
      &d, dnnl_backward, &diff_data, &data, epsilon, flags);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_eltwise_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, int training, dnnl_alg_kind_t kind,
    dnnl_memory_desc_t data, float alpha, float beta) {
  dnnl_eltwise_desc_t d;
  dnnl_status_t s = dnnl_eltwise_forward_desc_init(
      &d, training ? dnnl_forward_training : dnnl_forward_inference, kind, &data, alpha, beta);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

/// The forward descriptor that serves as the hint is made and given up here.
static inline dnnl_status_t odnn_eltwise_backward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, dnnl_alg_kind_t kind,
    dnnl_memory_desc_t diff, dnnl_memory_desc_t data, float alpha, float beta) {
  dnnl_primitive_desc_t hint = 0;
  dnnl_status_t s = odnn_eltwise_forward(&hint, engine, attr, 1, kind, data, alpha, beta);
  if (s) return s;
  dnnl_eltwise_desc_t d;
  s = dnnl_eltwise_backward_desc_init(&d, kind, &diff, &data, alpha, beta);
  if (!s) s = dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
  dnnl_primitive_desc_destroy(hint);
  return s;
}

static inline dnnl_status_t odnn_softmax_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, dnnl_memory_desc_t data, int axis) {
  dnnl_softmax_desc_t d;
  dnnl_status_t s = dnnl_softmax_forward_desc_init(&d, dnnl_forward_inference, &data, axis);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_logsoftmax_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, dnnl_memory_desc_t data, int axis) {
  dnnl_logsoftmax_desc_t d;
  dnnl_status_t s = dnnl_logsoftmax_forward_desc_init(&d, dnnl_forward_inference, &data, axis);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_resampling_forward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, int training, dnnl_memory_desc_t src,
    dnnl_memory_desc_t dst) {
  dnnl_resampling_desc_t d;
  dnnl_status_t s = dnnl_resampling_forward_desc_init(
      &d, training ? dnnl_forward_training : dnnl_forward_inference, dnnl_resampling_nearest, 0, &src, &dst);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_resampling_backward(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
    dnnl_memory_desc_t diff_src, dnnl_memory_desc_t diff_dst) {
  dnnl_resampling_desc_t d;
  dnnl_status_t s = dnnl_resampling_backward_desc_init(&d, dnnl_resampling_nearest, 0, &diff_src, &diff_dst);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, hint);
}

static inline dnnl_status_t odnn_binary(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, dnnl_alg_kind_t kind,
    dnnl_memory_desc_t a, dnnl_memory_desc_t b, dnnl_memory_desc_t dst) {
  dnnl_binary_desc_t d;
  dnnl_status_t s = dnnl_binary_desc_init(&d, kind, &a, &b, &dst);
  return s ? s : dnnl_primitive_desc_create(pd, &d, attr, engine, 0);
}

static inline dnnl_status_t odnn_reorder(
    dnnl_primitive_desc_t *pd, dnnl_engine_t engine, dnnl_primitive_attr_t attr, dnnl_memory_desc_t src,
    dnnl_memory_desc_t dst) {
  return dnnl_reorder_primitive_desc_create(pd, &src, engine, &dst, engine, attr);
}

static inline int odnn_equal(dnnl_memory_desc_t a, dnnl_memory_desc_t b) { return dnnl_memory_desc_equal(&a, &b); }

static inline size_t odnn_byte_count(dnnl_memory_desc_t a) { return dnnl_memory_desc_get_size(&a); }

static inline dnnl_status_t odnn_memory(
    dnnl_memory_t *memory, dnnl_engine_t engine, dnnl_memory_desc_t layout, void *bytes) {
  return dnnl_memory_create(memory, &layout, engine, bytes);
}
