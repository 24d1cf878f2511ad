// The network of images beside a plain loop over pixels, and its adjoint beside differences.
#include "methods/latent_diffusion/decoder/ImageNetwork.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "methods/latent_diffusion/decoder/Decoder.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

Real phi(Real z) {  // tanh form of gelu
  return 0.5 * z * (1 + std::tanh(std::sqrt(2 / M_PI) * (z + 0.044715 * z * z * z)));
}

/// One image, channel by channel of a pixel, by the definition.
std::vector<Real> plain_image(const ImageShape& shape, const std::vector<Real>& theta,
                              const std::vector<Real>& x) {
  std::vector<Real> h;
  for (const auto& layer : shape.layers()) {
    std::vector<Real> z(std::size_t(layer.numbers()), 0);
    const auto weight = [&](Index row, Index column, Index rows) {
      return theta[std::size_t(layer.weights + column * rows + row)];
    };
    if (layer.weights == 0) {
      for (Index k = 0; k < layer.numbers(); ++k) {
        z[std::size_t(k)] = theta[std::size_t(layer.bias + k)];
        for (Index c = 0; c < layer.in; ++c)
          z[std::size_t(k)] += weight(k, c, layer.numbers()) * x[std::size_t(c)];
      }
    } else {
      const Index factor = layer.up ? 2 : 1, width_in = layer.width / factor;
      for (Index y = 0; y < layer.height; ++y)
        for (Index column = 0; column < layer.width; ++column)
          for (Index out = 0; out < layer.out; ++out) {
            const Index p = y * layer.width + column;
            Real value = theta[std::size_t(layer.bias + (layer.last ? p * layer.out + out : out))];
            for (Index dy = -1; dy <= 1; ++dy)
              for (Index dx = -1; dx <= 1; ++dx) {
                const Index to_y = y + dy, to_x = column + dx;
                if (to_y < 0 || to_y >= layer.height || to_x < 0 || to_x >= layer.width) continue;
                const Index from = to_y / factor * width_in + to_x / factor, tap = 3 * (dy + 1) + dx + 1;
                for (Index in = 0; in < layer.in; ++in)
                  value += weight(out, tap * layer.in + in, layer.out) * h[std::size_t(from * layer.in + in)];
              }
            z[std::size_t(p * layer.out + out)] = value;
          }
    }
    if (!layer.last)
      for (std::size_t k = 0; k < z.size(); ++k) z[k] = phi(z[k]) + (layer.residual ? h[k] : 0);
    h = z;
  }
  return h;
}

ImageShape odd_shape() {
  ImageShape shape;
  shape.latent = 3;
  shape.height = 12;
  shape.width = 20;
  shape.colours = 2;
  shape.channels = {3, 5, 2};
  shape.residual = 1;
  return shape;
}

struct Example {
  ImageShape shape = odd_shape();
  Index columns = 3;
  Vector<Real> theta{"theta", std::size_t(shape.parameters())};
  Matrix<Real> x{"x", 3, 3}, y{"y", std::size_t(shape.outputs()), 3};
  std::vector<Real> parameters;

  Example() {
    initialise_image_network(shape, 5, 4, VectorRef<Real>(theta.data(), theta.extent(0)));
    const Random random(2, Stream::initial_ensemble);
    for (Index k = 0; k < shape.parameters(); ++k) {
      theta(k) += 0.1 * random.normal(k, 0, 0);
      parameters.push_back(theta(k));
    }
    fill_normals(x, random, 0, 1);
  }
  std::vector<Real> column(Index i) const { return {x(0, i), x(1, i), x(2, i)}; }
};

TEST(ImageNetwork, IsWhatAPlainLoopGives) {
  Example e;
  ImageNetwork<Real> network(e.shape, 4);
  network.value(VectorRef<const Real>(e.theta.data(), e.theta.extent(0)), e.x, e.y);
  for (Index i = 0; i < e.columns; ++i) {
    const auto expected = plain_image(e.shape, e.parameters, e.column(i));
    ASSERT_EQ(Index(expected.size()), e.shape.outputs());
    for (std::size_t k = 0; k < expected.size(); ++k)
      EXPECT_NEAR(e.y(Index(k), i), expected[k], 1e-11) << k << " " << i;
  }
}

TEST(ImageNetwork, ItsAdjointIsThatOfDifferences) {
  Example e;
  ImageNetwork<Real> network(e.shape, 4);
  const VectorRef<const Real> theta(e.theta.data(), e.theta.extent(0));
  Matrix<Real> y_bar("y_bar", std::size_t(e.shape.outputs()), 3), x_bar("x_bar", 3, 3);
  fill_normals(y_bar, Random(3, Stream::initial_ensemble), 0, 2);
  const Vector<Real> theta_bar("theta_bar", e.theta.extent(0));
  network.value(theta, e.x, e.y);
  network.vjp(theta, y_bar, VectorRef<Real>(theta_bar.data(), theta_bar.extent(0)), x_bar);
  const auto total = [&](const std::vector<Real>& parameters, Index column, Index component, Real by) {
    Real sum = 0;
    for (Index i = 0; i < e.columns; ++i) {
      auto x = e.column(i);
      if (i == column) x[std::size_t(component)] += by;
      const auto y = plain_image(e.shape, parameters, x);
      for (std::size_t k = 0; k < y.size(); ++k) sum += y_bar(Index(k), i) * y[k];
    }
    return sum;
  };
  const Real step = 1e-5;
  for (Index i = 0; i < e.columns; ++i)
    for (Index c = 0; c < 3; ++c)
      EXPECT_NEAR(x_bar(c, i),
                  (total(e.parameters, i, c, step) - total(e.parameters, i, c, -step)) / (2 * step), 1e-6)
          << c << " " << i;
  std::vector<Index> places;
  for (const auto& layer : e.shape.layers())
    for (const Index at : {layer.weights, layer.weights + 7, layer.bias - 1, layer.bias, layer.bias + 1})
      places.push_back(at);
  places.push_back(e.shape.parameters() - 1);
  for (const Index at : places) {
    auto up = e.parameters, down = e.parameters;
    up[std::size_t(at)] += step;
    down[std::size_t(at)] -= step;
    EXPECT_NEAR(theta_bar(at), (total(up, -1, 0, 0) - total(down, -1, 0, 0)) / (2 * step), 1e-6) << at;
  }
}

// Columns are by themselves, so that a tile's results do not depend on what is in it.
TEST(ImageNetwork, ColumnsAreIndependent) {
  Example e;
  ImageNetwork<float> all(e.shape, 3), one(e.shape, 1);
  const Vector<float> theta("theta", e.theta.extent(0));
  for (std::size_t k = 0; k < theta.extent(0); ++k) theta(k) = float(e.theta(k));
  const Matrix<float> x("x", 3, 3), y("y", std::size_t(e.shape.outputs()), 3),
      alone("alone", std::size_t(e.shape.outputs()), 1);
  for (Index i = 0; i < 3; ++i)
    for (Index c = 0; c < 3; ++c) x(c, i) = float(e.x(c, i));
  const VectorRef<const float> fixed(theta.data(), theta.extent(0));
  all.value(fixed, x, y);
  const Matrix<float> last("last", 3, 1);
  for (Index c = 0; c < 3; ++c) last(c, 0) = x(c, 2);
  one.value(fixed, last, alone);
  for (Index k = 0; k < e.shape.outputs(); ++k) EXPECT_EQ(alone(k, 0), y(k, 2));
}

TEST(ImageNetwork, FlopsAreCounted) {
  DecoderOptions options;
  ConvolutionalDecoder images;
  images.image = {12, 20};
  images.colours = 2;
  images.channels = {3, 5, 2};
  images.residual = 1;
  options.map = images;
  const DecoderFlops expected = flops_of(options, 3, 480);
  EXPECT_EQ(options.parameters(3, 480), odd_shape().parameters());
  Example e;
  ImageNetwork<Real> network(e.shape, 4);
  const VectorRef<const Real> theta(e.theta.data(), e.theta.extent(0));
  const Vector<Real> theta_bar("theta_bar", e.theta.extent(0));
  const Matrix<Real> x_bar("x_bar", 3, 3);
  Index before = counters().flops;
  network.value(theta, e.x, e.y);
  EXPECT_EQ(counters().flops - before, 3 * expected.value);
  for (const bool parameters : {true, false})
    for (const bool input : {true, false}) {
      before = counters().flops;
      network.vjp(theta, e.y,
                  parameters ? VectorRef<Real>(theta_bar.data(), theta_bar.extent(0)) : VectorRef<Real>(),
                  input ? MatrixRef<Real>(x_bar) : MatrixRef<Real>());
      EXPECT_EQ(counters().flops - before, 3 * expected.vjp(parameters, input));
    }
}

}  // namespace
}  // namespace weir
