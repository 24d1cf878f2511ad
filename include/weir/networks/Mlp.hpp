// A multilayer perceptron with exact derivatives, tile by tile.
//
//     h_0 = embedding of x        z_l = W_l h_{l-1} + b_l        n_l = z_l, or gain_l normal(z_l) + shift_l
//     h_l = phi(n_l) [+ h_{l-1}]  for l = 1 .. L,      y = f(x) = W_{L+1} h_L + b_{L+1}
//
// normal(z) = (z - mean) / sqrt(variance + 1e-5) over a layer's units (layer_norm); h_{l-1} is added for l >=
// 2 where the two widths agree (residual). Where the last input is a time with J > 0 frequencies, h_0 has in
// its place sin(pi 2^j t / horizon), j < J, then the cosines; all derivatives with respect to t go through
// that.
//
// Parameters: one vector, layer by layer l = 1 .. L+1: W_l (rows of z_l, column-major), b_l, and with
// layer_norm (l <= L) gain_l, shift_l.
//
// A tile's columns are samples. Passes run one after the other on the same tape, which keeps what later ones
// need:
//
//     value  ->  vjp, jvp                        input_gradient (or value -> vjp)  ->  mixed
//
// Per hidden layer these are GEMMs: value 1, vjp 2, jvp 1, input_gradient 2, mixed 4. A column's results do
// not depend on the other columns, so a tile's neither on ranks nor on what is in other tiles.
#pragma once

#include <vector>

#include "weir/networks/NetworkOptions.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

template <class T>
class Mlp;

/// What a tape is for; each includes the ones before.
enum class Purpose {
  value,     ///< value only
  gradient,  ///< value, vjp, jvp, input_gradient
  mixed      ///< the mixed derivative too
};

/// Memory of passes through one network: all of it is taken here.
template <class T>
class MlpTape {
 public:
  MlpTape(const Mlp<T>& network, Index most_columns, Purpose purpose);

  Index most_columns() const { return most_columns_; }
  Purpose purpose() const { return purpose_; }

 private:
  friend class Mlp<T>;
  /// Work of layer l; every matrix has the layer's units, rounded up to whole Packs, as rows. Layer 0 is the
  /// embedded input.
  struct Layer {
    Matrix<T> h, slope, curvature;  // h_l, phi'(n_l), phi''(n_l)
    Matrix<T> g, delta;             // adjoints of h_l and z_l in the plain reverse pass
    Matrix<T> tangent, seed;        // of h_l along u; adjoint of z_l in the reverse pass of the tangent
    Matrix<T> normal, normal_tangent, extra;  // layer_norm: normal(z_l), its tangent, work
    Matrix<T> scales;   // layer_norm, per column: 1 / deviation, and a sum that `mixed` needs twice
    Matrix<T> vectors;  // bias, gain, shift, ones: padded with zeros
  };
  std::vector<Layer> layers_;         // 0 .. L
  Matrix<T> work_, adjoint_;          // z or its tangent; adjoints on their way down
  Matrix<T> output_bar_;              // adjoint of y
  Matrix<T> gain_part_, shift_part_;  // layer_norm: what each column gives to the gradients of gain and shift
  Vector<T> ones_;
  Index most_columns_ = 0, columns_ = 0;
  Purpose purpose_;
  enum class Holds { nothing, value, gradient } holds_ = Holds::nothing;
};

/// T is float or double. Nothing here is collective and no method allocates. Matrices are components x
/// columns, at most tape.most_columns() of them; an empty view is not wanted. InternalError where shapes do
/// not fit or a pass comes before what it needs.
template <class T>
class Mlp {
 public:
  using Parameters = VectorRef<const T>;

  explicit Mlp(const MlpShape& shape);

  const MlpShape& shape() const { return shape_; }
  Index parameters() const { return parameters_; }

  /// y = f(x)
  void value(const Parameters& theta, const MatrixRef<const T>& x, MlpTape<T>& tape,
             const MatrixRef<T>& y) const;

  /// After `value`: the gradients of sum over columns of <y_bar, f(x)> with respect to theta (set, or added
  /// to theta_bar where `add` is true) and to x (set); either may be empty.
  void vjp(const Parameters& theta, const MatrixRef<const T>& y_bar, MlpTape<T>& tape,
           const VectorRef<T>& theta_bar, const MatrixRef<T>& x_bar, bool add = false) const;

  /// After `value`: y_dot = (df/dx) u, column by column.
  void jvp(const Parameters& theta, const MatrixRef<const T>& u, MlpTape<T>& tape,
           const MatrixRef<T>& y_dot) const;

  /// gradient = grad_x f(x) of a network with one output, and y = f(x) where y is not empty.
  void input_gradient(const Parameters& theta, const MatrixRef<const T>& x, MlpTape<T>& tape,
                      const MatrixRef<T>& gradient, const MatrixRef<T>& y = {}) const;

  /// After `input_gradient`: the gradients of sum over columns of <u, grad_x f(x)> with respect to theta (set
  /// or added) and to x (set: the Hessian times u); either may be empty. After `value` and `vjp` the same of
  /// sum <u, (df/dx)' y_bar> with that y_bar. Inputs that are not differentiated have zeros in u. The tape is
  /// then ready for another `mixed`.
  void mixed(const Parameters& theta, const MatrixRef<const T>& u, MlpTape<T>& tape,
             const VectorRef<T>& theta_bar, const MatrixRef<T>& x_bar = {}, bool add = false) const;

  struct LayerPlan {
    Index in, out;                     ///< widths
    Index weights, bias, gain, shift;  ///< where they start in the parameters
    bool residual;
  };
  /// Plans of layers 1 .. L + 1.
  const std::vector<LayerPlan>& layers() const { return layers_; }
  Index embedded() const { return layers_.front().in; }  ///< rows of h_0

 private:
  using Tape = MlpTape<T>;
  using TapeLayer = typename MlpTape<T>::Layer;
  Index hidden() const { return Index(layers_.size()) - 1; }
  void forward(const Parameters& theta, const MatrixRef<const T>& x, Tape& tape) const;
  void output(const Parameters& theta, Tape& tape, const MatrixRef<T>& y) const;
  void reverse(const Parameters& theta, Tape& tape, const VectorRef<T>& theta_bar, T keep,
               const MatrixRef<T>& x_bar) const;
  void add_sums(const LayerPlan& plan, Tape& tape, const T* adjoint, Index ld, T keep,
                const VectorRef<T>& theta_bar) const;
  void forward_tangent(const Parameters& theta, const MatrixRef<const T>& u, Tape& tape, bool seeds) const;
  void reverse_tangent(const Parameters& theta, const MatrixRef<const T>& u, Tape& tape,
                       const VectorRef<T>& theta_bar, T keep, const MatrixRef<T>& x_bar) const;

  MlpShape shape_;
  std::vector<LayerPlan> layers_;
  Index parameters_ = 0;
};

/// Parameters [first, first + theta.extent(0)) at the start: weights are normal with standard deviation gain
/// / sqrt(fan-in), gain sqrt(2) for relu, silu and gelu, 1 for softplus, tanh and the last layer; biases and
/// shifts 0, gains 1. A pure function of seed, `network` (the number of the network in its run) and the
/// parameter's index.
void initialise_network(const MlpShape& shape, Index seed, Index network, Index first,
                        const VectorRef<Real>& theta);

extern template class MlpTape<float>;
extern template class MlpTape<double>;
extern template class Mlp<float>;
extern template class Mlp<double>;

}  // namespace weir
