#include "weir/networks/Mlp.hpp"

#include <algorithm>
#include <cmath>

#include "networks/TimeEmbedding.hpp"
#include "weir/base/Error.hpp"
#include "weir/networks/Gemm.hpp"

namespace weir {

namespace {

/// Whole Packs, and no multiple of 2 KiB: columns that far apart would share a few lines of the first cache.
template <class T>
Index padded(Index rows) {
  const Index width = pack_width<T>, whole = (rows + width - 1) / width * width;
  return whole * Index(sizeof(T)) % 2048 == 0 ? whole + width : whole;
}

template <class T>
Matrix<T> make(const std::string& label, Index rows, Index columns) {
  return Matrix<T>(label, padded<T>(rows), columns);
}

template <class T>
Index leading(const Matrix<T>& matrix) {
  return Index(matrix.extent(0));
}

passes::Embedding embedding_of(const MlpShape& shape) {
  const Index frequencies = shape.time ? shape.frequencies : 0;
  return {shape.inputs - Index(frequencies > 0), frequencies, shape.horizon};
}

template <class T, class Layer>
passes::Units<T> units_of(const Layer& layer, Index rows) {
  return {rows,
          leading(layer.h),
          layer.h.data(),
          layer.slope.data(),
          layer.curvature.data(),
          layer.g.data(),
          layer.delta.data(),
          layer.tangent.data(),
          layer.seed.data(),
          layer.normal.data(),
          layer.normal_tangent.data(),
          layer.extra.data(),
          layer.scales.data(),
          layer.vectors.data(),
          layer.normal.size() > 0};
}

/// Bias, gain, shift and a mask of ones, padded with zeros, where kernels can read them by Packs.
template <class T>
void copy_vectors(const T* theta, const typename Mlp<T>::LayerPlan& plan, bool layer_norm,
                  const Matrix<T>& vectors) {
  const Index bias = plan.bias, gain = plan.gain, shift = plan.shift;
  Kokkos::parallel_for(
      "Weir::Mlp::copy_vectors", Range(0, plan.out), KOKKOS_LAMBDA(Index i) {
        vectors(i, 0) = theta[bias + i];
        if (!layer_norm) return;
        vectors(i, 1) = theta[gain + i];
        vectors(i, 2) = theta[shift + i];
        vectors(i, 3) = 1;
      });
}

template <class T>
void copy_columns(const T* from, Index ld_from, Index rows, Index columns, T* to, Index ld_to) {
  passes::for_columns(
      "Weir::Mlp::copy_columns", columns, KOKKOS_LAMBDA(Index column) {
        for (Index i = 0; i < rows; ++i) to[i + column * ld_to] = from[i + column * ld_from];
      });
}

template <class T>
void fill_columns(const T* from, Index rows, Index columns, T* to, Index ld_to) {
  passes::for_columns(
      "Weir::Mlp::fill_columns", columns, KOKKOS_LAMBDA(Index column) {
        for (Index i = 0; i < rows; ++i) to[i + column * ld_to] = from ? from[i] : T(0);
      });
}

template <class T>
void activate(Activation activation, Purpose purpose, const passes::Units<T>& units, const T* z,
              const T* before, Index columns) {
  activations::with(activation, [&](auto phi) {
    switch (purpose) {
      case Purpose::value:
        return passes::activate<0>(phi, units, z, before, columns);
      case Purpose::gradient:
        return passes::activate<1>(phi, units, z, before, columns);
      case Purpose::mixed:
        return passes::activate<2>(phi, units, z, before, columns);
    }
  });
}

Real gain_of(Activation activation) {
  const bool half = activation == Activation::relu || activation == Activation::silu ||
                    activation == Activation::gelu;  // about half of the inputs pass
  return half ? std::sqrt(Real(2)) : Real(1);
}

}  // namespace

template <class T>
MlpTape<T>::MlpTape(const Mlp<T>& network, Index most_columns, Purpose purpose)
    : most_columns_(most_columns), purpose_(purpose) {
  const bool gradient = purpose != Purpose::value, mixed = purpose == Purpose::mixed;
  const auto& plans = network.layers();
  const Index layers = Index(plans.size());
  Index widest = 1;
  for (Index l = 0; l < layers; ++l) {
    const Index rows = plans[l].in;  // of h_l
    const bool hidden = l > 0, norm = hidden && network.shape().layer_norm;
    const auto matrix = [&](bool wanted, const char* label) {
      return wanted ? make<T>(label, rows, most_columns) : Matrix<T>();
    };
    Layer layer;
    layer.h = matrix(true, "Weir::MlpTape::h");
    layer.slope = matrix(hidden && gradient, "Weir::MlpTape::slope");
    layer.curvature = matrix(hidden && mixed, "Weir::MlpTape::curvature");
    layer.g = matrix(gradient, "Weir::MlpTape::g");
    layer.delta = matrix(hidden && gradient, "Weir::MlpTape::delta");
    layer.tangent = matrix(gradient, "Weir::MlpTape::tangent");
    layer.seed = matrix(hidden && mixed, "Weir::MlpTape::seed");
    layer.normal = matrix(norm, "Weir::MlpTape::normal");
    layer.normal_tangent = matrix(norm && mixed, "Weir::MlpTape::normal_tangent");
    layer.extra = matrix(norm && mixed, "Weir::MlpTape::extra");
    if (norm) layer.scales = Matrix<T>("Weir::MlpTape::scales", 2, most_columns);
    if (hidden) layer.vectors = make<T>("Weir::MlpTape::vectors", rows, 4);
    layers_.push_back(layer);
    widest = std::max(widest, rows);
  }
  work_ = make<T>("Weir::MlpTape::work", widest, most_columns);
  if (mixed) adjoint_ = make<T>("Weir::MlpTape::adjoint", widest, most_columns);
  if (gradient) output_bar_ = make<T>("Weir::MlpTape::output_bar", network.shape().outputs, most_columns);
  if (gradient && network.shape().layer_norm) {
    gain_part_ = make<T>("Weir::MlpTape::gain_part", widest, most_columns);
    shift_part_ = make<T>("Weir::MlpTape::shift_part", widest, most_columns);
  }
  ones_ = Vector<T>("Weir::MlpTape::ones", most_columns);
  Kokkos::deep_copy(ones_, T(1));
}

template <class T>
Mlp<T>::Mlp(const MlpShape& shape) : shape_(shape) {
  WEIR_CHECK(shape.inputs > 0 && shape.outputs > 0, "{} inputs, {} outputs", shape.inputs, shape.outputs);
  WEIR_CHECK(shape.frequencies >= 0 && shape.frequencies <= 32 && shape.horizon > 0,
             "{} frequencies, horizon {}", shape.frequencies, shape.horizon);
  Index in = embedding_of(shape).rows();
  for (Index l = 0; l <= Index(shape.hidden.size()); ++l) {
    const bool last = l == Index(shape.hidden.size());
    const Index out = last ? shape.outputs : shape.hidden[l];
    WEIR_CHECK(out > 0, "hidden layer {} has width {}", l + 1, out);
    LayerPlan plan;
    plan.in = in;
    plan.out = out;
    plan.weights = parameters_;
    plan.bias = plan.weights + in * out;
    plan.gain = plan.bias + out;
    const bool norm = shape.layer_norm && !last;
    plan.shift = plan.gain + (norm ? out : 0);
    parameters_ = plan.shift + (norm ? out : 0);
    plan.residual = shape.residual && !last && l > 0 && in == out;
    layers_.push_back(plan);
    in = out;
  }
}

template <class T>
void Mlp<T>::forward(const Parameters& theta, const MatrixRef<const T>& x, Tape& tape) const {
  const Index columns = Index(x.extent(1));
  WEIR_CHECK(Index(theta.extent(0)) == parameters_, "{} parameters of {}", theta.extent(0), parameters_);
  WEIR_CHECK(Index(x.extent(0)) == shape_.inputs && columns <= tape.most_columns_,
             "{} x {} inputs; the network has {}, the tape {} columns", x.extent(0), columns, shape_.inputs,
             tape.most_columns_);
  tape.columns_ = columns;
  passes::embed(embedding_of(shape_), x, tape.layers_[0].h);
  for (Index l = 1; l <= hidden(); ++l) {
    const LayerPlan& plan = layers_[l - 1];
    const TapeLayer &below = tape.layers_[l - 1], &layer = tape.layers_[l];
    copy_vectors<T>(theta.data(), plan, shape_.layer_norm, layer.vectors);
    gemm(Op::none, Op::none, plan.out, columns, plan.in, T(1), theta.data() + plan.weights, plan.out,
         below.h.data(), leading(below.h), T(0), tape.work_.data(), leading(layer.h));
    activate(shape_.activation, tape.purpose_, units_of<T>(layer, plan.out),
             static_cast<const T*>(tape.work_.data()),
             static_cast<const T*>(plan.residual ? below.h.data() : nullptr), columns);
  }
  tape.holds_ = Tape::Holds::value;
}

/// y = W h_L + b
template <class T>
void Mlp<T>::output(const Parameters& theta, Tape& tape, const MatrixRef<T>& y) const {
  const LayerPlan& plan = layers_.back();
  const TapeLayer& below = tape.layers_.back();
  WEIR_CHECK(Index(y.extent(0)) == shape_.outputs && Index(y.extent(1)) == tape.columns_,
             "{} x {} outputs for {} x {}", y.extent(0), y.extent(1), shape_.outputs, tape.columns_);
  fill_columns<T>(theta.data() + plan.bias, plan.out, tape.columns_, y.data(), Index(y.stride(1)));
  gemm(Op::none, Op::none, plan.out, tape.columns_, plan.in, T(1), theta.data() + plan.weights, plan.out,
       below.h.data(), leading(below.h), T(1), y.data(), Index(y.stride(1)));
}

/// The gradients of what is added after the weights: bias from the adjoint of z, gain and shift from the
/// tape.
template <class T>
void Mlp<T>::add_sums(const LayerPlan& plan, Tape& tape, const T* adjoint, Index ld, T keep,
                      const VectorRef<T>& theta_bar) const {
  const auto add = [&](const T* columns, Index to) {
    gemm(Op::none, Op::none, plan.out, 1, tape.columns_, T(1), columns, ld, tape.ones_.data(),
         tape.most_columns_, keep, theta_bar.data() + to, plan.out);
  };
  add(adjoint, plan.bias);
  if (plan.shift == plan.gain) return;
  add(tape.gain_part_.data(), plan.gain);
  add(tape.shift_part_.data(), plan.shift);
}

/// From the adjoint of y (output_bar_) down: g and delta of every layer, and what is wanted of the gradients.
template <class T>
void Mlp<T>::reverse(const Parameters& theta, Tape& tape, const VectorRef<T>& theta_bar, T keep,
                     const MatrixRef<T>& x_bar) const {
  const bool parameters_wanted = theta_bar.extent(0) > 0;
  // The second derivative of a time's embedding needs g_0.
  const bool to_input = x_bar.size() > 0 || (tape.purpose_ == Purpose::mixed && shape_.time);
  for (Index l = hidden() + 1; l >= 1; --l) {
    const LayerPlan& plan = layers_[l - 1];
    const TapeLayer& below = tape.layers_[l - 1];
    const bool last = l == hidden() + 1;
    if (!last)
      passes::adjoint_of_sums(units_of<T>(tape.layers_[l], plan.out),
                              parameters_wanted ? tape.gain_part_.data() : nullptr,
                              parameters_wanted ? tape.shift_part_.data() : nullptr, tape.columns_);
    const Matrix<T>& delta = last ? tape.output_bar_ : tape.layers_[l].delta;
    if (parameters_wanted) {
      gemm(Op::none, Op::transpose, plan.out, plan.in, tape.columns_, T(1), delta.data(), leading(delta),
           below.h.data(), leading(below.h), keep, theta_bar.data() + plan.weights, plan.out);
      add_sums(plan, tape, delta.data(), leading(delta), keep, theta_bar);
    }
    if (l == 1 && !to_input) break;
    if (plan.residual)
      copy_columns<T>(tape.layers_[l].g.data(), leading(below.g), plan.in, tape.columns_, below.g.data(),
                      leading(below.g));
    gemm(Op::transpose, Op::none, plan.in, tape.columns_, plan.out, T(1), theta.data() + plan.weights,
         plan.out, delta.data(), leading(delta), T(plan.residual), below.g.data(), leading(below.g));
  }
  tape.holds_ = Tape::Holds::gradient;
  const TapeLayer& input = tape.layers_[0];
  if (x_bar.size() > 0)
    passes::pull_through_embedding<T>(embedding_of(shape_), input.h, input.g.data(), leading(input.g),
                                      input.g, {}, x_bar);
}

/// Tangents of every h_l along u; where `seeds` is true with what reverse_tangent starts from.
template <class T>
void Mlp<T>::forward_tangent(const Parameters& theta, const MatrixRef<const T>& u, Tape& tape,
                             bool seeds) const {
  WEIR_CHECK(Index(u.extent(0)) == shape_.inputs && Index(u.extent(1)) == tape.columns_,
             "{} x {} tangents for {} x {}", u.extent(0), u.extent(1), shape_.inputs, tape.columns_);
  passes::push_through_embedding(embedding_of(shape_), tape.layers_[0].h, u, tape.layers_[0].tangent);
  for (Index l = 1; l <= hidden(); ++l) {
    const LayerPlan& plan = layers_[l - 1];
    const TapeLayer &below = tape.layers_[l - 1], &layer = tape.layers_[l];
    gemm(Op::none, Op::none, plan.out, tape.columns_, plan.in, T(1), theta.data() + plan.weights, plan.out,
         below.tangent.data(), leading(below.tangent), T(0), tape.work_.data(), leading(layer.h));
    passes::push_tangent<T>(units_of<T>(layer, plan.out), tape.work_.data(),
                            plan.residual ? below.tangent.data() : nullptr, seeds, tape.columns_);
  }
}

/// The reverse pass of the tangent. The adjoints of the tangents of h_l and z_l are g_l and delta_l of the
/// plain reverse pass, for y_dot is linear in them; left to find are those of h_l (adjoint_) and z_l (seed).
template <class T>
void Mlp<T>::reverse_tangent(const Parameters& theta, const MatrixRef<const T>& u, Tape& tape,
                             const VectorRef<T>& theta_bar, T keep, const MatrixRef<T>& x_bar) const {
  const bool parameters_wanted = theta_bar.extent(0) > 0;
  const Index columns = tape.columns_;
  const auto add_weights = [&](const LayerPlan& plan, const Matrix<T>& left, const Matrix<T>& right, T beta) {
    gemm(Op::none, Op::transpose, plan.out, plan.in, columns, T(1), left.data(), leading(left), right.data(),
         leading(right), beta, theta_bar.data() + plan.weights, plan.out);
  };
  if (parameters_wanted) {
    add_weights(layers_.back(), tape.output_bar_, tape.layers_.back().tangent, keep);
    if (keep == 0)
      fill_columns<T>(nullptr, shape_.outputs, 1, theta_bar.data() + layers_.back().bias, shape_.outputs);
  }
  const T* p = nullptr;
  for (Index l = hidden(); l >= 1; --l) {
    const LayerPlan& plan = layers_[l - 1];
    const TapeLayer &below = tape.layers_[l - 1], &layer = tape.layers_[l];
    passes::pull_tangent<T>(units_of<T>(layer, plan.out), p,
                            parameters_wanted ? tape.gain_part_.data() : nullptr,
                            parameters_wanted ? tape.shift_part_.data() : nullptr, columns);
    if (parameters_wanted) {
      add_weights(plan, layer.delta, below.tangent, keep);
      add_weights(plan, layer.seed, below.h, T(1));
      add_sums(plan, tape, layer.seed.data(), leading(layer.seed), keep, theta_bar);
    }
    if (l == 1 && x_bar.size() == 0) return;
    gemm(Op::transpose, Op::none, plan.in, columns, plan.out, T(1), theta.data() + plan.weights, plan.out,
         layer.seed.data(), leading(layer.seed), T(plan.residual && p), tape.adjoint_.data(),
         leading(below.h));
    p = tape.adjoint_.data();
  }
  const TapeLayer& input = tape.layers_[0];
  if (x_bar.size() > 0)
    passes::pull_through_embedding<T>(embedding_of(shape_), input.h, p, leading(input.h), input.g, u, x_bar);
}

template <class T>
void Mlp<T>::value(const Parameters& theta, const MatrixRef<const T>& x, MlpTape<T>& tape,
                   const MatrixRef<T>& y) const {
  forward(theta, x, tape);
  output(theta, tape, y);
}

template <class T>
void Mlp<T>::vjp(const Parameters& theta, const MatrixRef<const T>& y_bar, MlpTape<T>& tape,
                 const VectorRef<T>& theta_bar, const MatrixRef<T>& x_bar, bool add) const {
  WEIR_CHECK(tape.holds_ != Tape::Holds::nothing && tape.purpose_ != Purpose::value,
             "vjp needs a tape for gradients that a value was computed on");
  WEIR_CHECK(Index(y_bar.extent(0)) == shape_.outputs && Index(y_bar.extent(1)) == tape.columns_,
             "{} x {} adjoints for {} x {}", y_bar.extent(0), y_bar.extent(1), shape_.outputs, tape.columns_);
  copy_columns<T>(y_bar.data(), Index(y_bar.stride(1)), shape_.outputs, tape.columns_,
                  tape.output_bar_.data(), leading(tape.output_bar_));
  reverse(theta, tape, theta_bar, T(add), x_bar);
}

template <class T>
void Mlp<T>::jvp(const Parameters& theta, const MatrixRef<const T>& u, MlpTape<T>& tape,
                 const MatrixRef<T>& y_dot) const {
  WEIR_CHECK(tape.holds_ != Tape::Holds::nothing && tape.purpose_ != Purpose::value,
             "jvp needs a tape for gradients that a value was computed on");
  forward_tangent(theta, u, tape, false);
  const LayerPlan& plan = layers_.back();
  const TapeLayer& below = tape.layers_.back();
  gemm(Op::none, Op::none, plan.out, tape.columns_, plan.in, T(1), theta.data() + plan.weights, plan.out,
       below.tangent.data(), leading(below.tangent), T(0), y_dot.data(), Index(y_dot.stride(1)));
}

template <class T>
void Mlp<T>::input_gradient(const Parameters& theta, const MatrixRef<const T>& x, MlpTape<T>& tape,
                            const MatrixRef<T>& gradient, const MatrixRef<T>& y) const {
  WEIR_CHECK(shape_.outputs == 1, "input_gradient of a network with {} outputs", shape_.outputs);
  WEIR_CHECK(tape.purpose_ != Purpose::value, "input_gradient needs a tape for gradients");
  forward(theta, x, tape);
  if (y.size() > 0) output(theta, tape, y);
  fill_columns<T>(tape.ones_.data(), 1, tape.columns_, tape.output_bar_.data(), leading(tape.output_bar_));
  reverse(theta, tape, {}, T(0), gradient);
}

template <class T>
void Mlp<T>::mixed(const Parameters& theta, const MatrixRef<const T>& u, MlpTape<T>& tape,
                   const VectorRef<T>& theta_bar, const MatrixRef<T>& x_bar, bool add) const {
  WEIR_CHECK(tape.holds_ == Tape::Holds::gradient && tape.purpose_ == Purpose::mixed,
             "mixed needs a tape for it that a gradient was computed on");
  forward_tangent(theta, u, tape, true);
  reverse_tangent(theta, u, tape, theta_bar, T(add), x_bar);
}

void initialise_network(const MlpShape& shape, Index seed, Index network, Index first,
                        const VectorRef<Real>& theta) {
  const Random random(seed, Stream::network_parameters);
  const Mlp<Real> mlp(shape);
  WEIR_CHECK(first >= 0 && first + Index(theta.extent(0)) <= mlp.parameters(), "{} parameters from {} of {}",
             theta.extent(0), first, mlp.parameters());
  for (const auto& plan : mlp.layers()) {
    const Real gain = &plan == &mlp.layers().back() ? Real(1) : gain_of(shape.activation);
    const Real deviation = gain / std::sqrt(Real(plan.in));
    const Index end = std::max(plan.shift + (plan.shift - plan.gain), plan.gain);
    const Index begin = std::max(plan.weights, first), stop = std::min(end, first + Index(theta.extent(0)));
    const Index bias = plan.bias, gains = plan.gain, shifts = plan.shift;
    Kokkos::parallel_for(
        "Weir::initialise_network", Range(begin, std::max(begin, stop)), KOKKOS_LAMBDA(Index i) {
          const Real constant = i >= gains && i < shifts ? 1 : 0;
          theta(i - first) = i < bias ? deviation * random.normal(i, network, 0) : constant;
        });
  }
}

template class MlpTape<float>;
template class MlpTape<double>;
template class Mlp<float>;
template class Mlp<double>;

}  // namespace weir
