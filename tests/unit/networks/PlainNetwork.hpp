// A network as plain serial loops, and networks of all kinds to compare with it.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "weir/networks/Mlp.hpp"

namespace weir {

inline double plain_activation(Activation activation, double z) {
  switch (activation) {
    case Activation::softplus:
      return std::max(z, 0.) + std::log1p(std::exp(-std::fabs(z)));
    case Activation::silu:
      return z / (1 + std::exp(-z));
    case Activation::gelu:
      return z / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z)));
    case Activation::tanh:
      return std::tanh(z);
    case Activation::relu:
      return std::max(z, 0.);
  }
  return 0;
}

inline std::vector<double> plain_value(const MlpShape& shape, const std::vector<double>& theta,
                                       const std::vector<double>& x) {
  std::vector<double> h = x;
  if (shape.time && shape.frequencies > 0) {
    const double t = h.back();
    h.pop_back();
    for (Index j = 0; j < shape.frequencies; ++j)
      h.push_back(std::sin(M_PI * std::pow(2., double(j)) * t / shape.horizon));
    for (Index j = 0; j < shape.frequencies; ++j)
      h.push_back(std::cos(M_PI * std::pow(2., double(j)) * t / shape.horizon));
  }
  std::size_t next = 0;
  for (std::size_t l = 0; l <= shape.hidden.size(); ++l) {
    const bool last = l == shape.hidden.size();
    const std::size_t in = h.size(), out = std::size_t(last ? shape.outputs : shape.hidden[l]);
    std::vector<double> z(out);
    for (std::size_t i = 0; i < out; ++i) {
      for (std::size_t k = 0; k < in; ++k) z[i] += theta[next + i + k * out] * h[k];
      z[i] += theta[next + in * out + i];
    }
    next += in * out + out;
    if (last) return z;
    if (shape.layer_norm) {
      double mean = 0, variance = 0;
      for (const double entry : z) mean += entry / double(out);
      for (const double entry : z) variance += (entry - mean) * (entry - mean) / double(out);
      for (std::size_t i = 0; i < out; ++i)
        z[i] = theta[next + i] * (z[i] - mean) / std::sqrt(variance + 1e-5) + theta[next + out + i];
      next += 2 * out;
    }
    for (std::size_t i = 0; i < out; ++i) {
      z[i] = plain_activation(shape.activation, z[i]);
      if (shape.residual && l > 0 && in == out) z[i] += h[i];
    }
    h = z;
  }
  return h;
}

/// Every activation, plain, residual, with layer_norm, with time, and all at once; odd widths.
inline void for_each_network(Index outputs,
                             const std::function<void(const std::string&, const MlpShape&)>& visit) {
  for (const std::string& activation : activation_names())
    for (int kind = 0; kind < 6; ++kind) {
      MlpShape shape;
      shape.inputs = 3;
      shape.outputs = outputs;
      shape.hidden = {7, 7, 5};
      shape.activation = activation_named(activation);
      shape.residual = kind == 1 || kind == 4;
      shape.layer_norm = kind == 2 || kind == 4;
      shape.time = kind == 3 || kind == 4 || kind == 5;
      shape.frequencies = kind == 3 || kind == 4 ? 2 : 0;
      shape.horizon = 1.7;
      const char* kinds[] = {"plain", "residual", "layer_norm", "time", "all", "time as it is"};
      visit(activation + ", " + kinds[kind], shape);
    }
}

/// A vector of numbers: the starting weights, moved off their zeros and ones.
inline std::vector<double> some_parameters(const MlpShape& shape) {
  std::vector<double> theta(std::size_t(Mlp<double>(shape).parameters()));
  initialise_network(shape, 7, 0, 0, VectorRef<Real>(theta.data(), theta.size()));
  const Random random(11, Stream::split);
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] += 0.2 * random.normal(Index(i), 0, 0);
  return theta;
}

template <class T>
Matrix<T> some_columns(Index rows, Index columns, Index which) {
  Matrix<T> matrix("columns", rows, columns);
  const Random random(13, Stream::split);
  for (Index j = 0; j < columns; ++j)
    for (Index i = 0; i < rows; ++i) matrix(i, j) = T(random.normal(j, which, i));
  return matrix;
}

template <class T>
Vector<T> vector_of(const std::vector<double>& values) {
  Vector<T> vector("vector", values.size());
  for (std::size_t i = 0; i < values.size(); ++i) vector(i) = T(values[i]);
  return vector;
}

}  // namespace weir
