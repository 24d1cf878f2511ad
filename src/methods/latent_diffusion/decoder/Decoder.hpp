// The likelihood of data given latents, tile by tile: y | x ~ N(g(x), s^2 I), or Bernoulli of logits g(x).
//
//     gaussian   -log p = |y - g|^2 / (2 s^2) + const,     its adjoint at g: (g - y) / s^2
//     bernoulli  -log p = sum_c softplus(g_c) - y_c g_c,   its adjoint at g: sigmoid(g) - y
//
// T is the precision of the run. Nothing here is collective, and no method allocates.
#pragma once

#include <memory>
#include <vector>

#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

/// Parameters at the start: those of initialise_network (or initialise_image_network); the last biases are
/// `mean` (of the data; logits of it where the likelihood is Bernoulli).
void initialise_decoder(const DecoderOptions& options, Index latent, Index seed,
                        const std::vector<Real>& mean, const VectorRef<Real>& theta);

/// Flops of a column: of g, of the gradient of its parameters, and of that of x.
struct DecoderFlops {
  Index value, parameters, down, to_input;
  Index vjp(bool of_parameters, bool of_input) const {
    return down + (of_parameters ? parameters : 0) + (of_input ? to_input : 0);
  }
};
DecoderFlops flops_of(const DecoderOptions& options, Index latent, Index data);

/// g with its adjoint; not collective.
template <class T>
class DecoderMap {
 public:
  virtual ~DecoderMap() = default;
  virtual void value(const VectorRef<const T>& theta, const MatrixRef<const T>& x, const MatrixRef<T>& y) = 0;
  /// After value: as Mlp::vjp.
  virtual void vjp(const VectorRef<const T>& theta, const MatrixRef<const T>& y_bar,
                   const VectorRef<T>& theta_bar, const MatrixRef<T>& x_bar) = 0;
};
template <class T>
std::unique_ptr<DecoderMap<T>> make_decoder_map(const DecoderOptions& options, Index latent, Index data,
                                                Index most_columns);

template <class T>
class Decoder {
 public:
  Decoder(const DecoderOptions& options, Index latent, Index data, Index most_columns);

  bool gaussian() const { return gaussian_; }

  /// g of the columns of x.
  void decode(const VectorRef<const T>& theta, const MatrixRef<const T>& x);
  /// After decode: what was decoded; probabilities where the likelihood is Bernoulli.
  MatrixRef<const T> means();
  /// After decode: the residuals' squares, or 2 times -log p, per column, against y; inverse variance 1 /
  /// s^2.
  void compare(const MatrixRef<const T>& y, T inverse_variance) {
    compare(y, inverse_variance, Vector<bool>());
  }
  /// The same of the components that are known alone; `known` is empty where all are.
  void compare(const MatrixRef<const T>& y, T inverse_variance, const Vector<bool>& known);
  VectorRef<const T> losses() const { return VectorRef<const T>(losses_.data(), std::size_t(columns_)); }
  /// After compare, for each that is not empty: theta_bar = scale times the gradient of the sum over columns
  /// of -log p, and force -= its gradient with respect to x (without scale).
  void gradients(const VectorRef<const T>& theta, T scale, const VectorRef<T>& theta_bar,
                 const MatrixRef<T>& force);

  // Kernels, which nvcc takes in public functions only.
  void scale_adjoints(T by);
  void subtract(const MatrixRef<T>& force, T by) const;
  void squash();

 private:
  std::unique_ptr<DecoderMap<T>> map_;
  Index columns_ = 0;
  bool gaussian_;
  Matrix<T> output_, x_bar_;
  Vector<T> losses_;
};

extern template class Decoder<float>;
extern template class Decoder<double>;

}  // namespace weir
