// A convolutional network from latents to images, with its exact adjoint, tile by tile.
//
//     h_0 = phi(W_0 x + b_0)                              channels_0 at (height, width) / 2^levels
//     h_l = phi(W_l * up(h_{l-1}) + b_l)                  a level: twice as high and wide, channels_l
//     h_l = h_{l-1} + phi(W_l * h_{l-1} + b_l)            a residual block: `residual` of them after each
//     level y   = W_L * h_{L-1} + b_L                           colours at (height, width); b_L has one for
//     each number
//
// * is a convolution with 3 x 3 weights and zeros beyond the edge, up() repeats every pixel twice in both
// directions. Components of y: colour by colour of a pixel, pixels row by row. A convolution of one image is
// a product of matrices: W (out x 9 in) times the neighbourhoods of all pixels (9 in x pixels), its adjoint
// adds up what came to a pixel from these, each pixel by itself.
//
// Parameters: layer by layer W (column-major), then b.
#pragma once

#include <array>
#include <vector>

#include "weir/networks/NetworkOptions.hpp"

namespace weir {

struct ImageShape {
  Index latent = 1, height = 1, width = 1, colours = 1;
  std::vector<Index> channels;  ///< of the first feature map, then after each level
  Index residual = 0;
  Activation activation = Activation::gelu;

  Index levels() const { return Index(channels.size()) - 1; }
  Index outputs() const { return height * width * colours; }

  struct Layer {
    Index in, out;            ///< channels; of the first layer all inputs and outputs
    Index height, width;      ///< of what comes out
    bool up, residual, last;  ///< how it works
    Index weights, bias;      ///< where they start in the parameters
    Index pixels() const { return height * width; }
    Index numbers() const { return out * pixels(); }
    /// Pixels of what goes in.
    Index pixels_in() const { return up ? pixels() / 4 : pixels(); }
  };
  /// The first is dense, the rest are convolutions.
  std::vector<Layer> layers() const;
  Index parameters() const;
};

/// Weights are normal with standard deviation gain / sqrt(fan-in), as those of initialise_network; biases 0.
void initialise_image_network(const ImageShape& shape, Index seed, Index network,
                              const VectorRef<Real>& theta);

/// Nothing here is collective; all memory is allocated at construction.
template <class T>
class ImageNetwork {
 public:
  ImageNetwork(const ImageShape& shape, Index most_columns);

  Index parameters() const { return shape_.parameters(); }

  /// y = f(x), column by column.
  void value(const VectorRef<const T>& theta, const MatrixRef<const T>& x, const MatrixRef<T>& y);
  /// After value: gradients of the sum over columns of <y_bar, f(x)>; theta_bar and x_bar are set, either may
  /// be empty.
  void vjp(const VectorRef<const T>& theta, const MatrixRef<const T>& y_bar, const VectorRef<T>& theta_bar,
           const MatrixRef<T>& x_bar);

  // Kernels, which nvcc takes in public functions only.
  void fill(const ImageShape::Layer& layer, const T* bias, T* z) const;
  void fill_dense(const T* bias, const MatrixRef<T>& z) const;
  void gather_neighbours(const ImageShape::Layer& layer, const T* h) const;
  void scatter_neighbours(const ImageShape::Layer& layer, T* g, bool add) const;
  template <class Phi>
  void activate(Phi phi, Index l, Index columns) const;
  void multiply(Index l, Index columns) const;

 private:
  using Layer = ImageShape::Layer;
  void convolve(const VectorRef<const T>& theta, const Layer& layer, const T* from, T* to) const;
  void reverse_dense(const VectorRef<const T>& theta, const VectorRef<T>& theta_bar,
                     const MatrixRef<T>& x_bar);
  void reverse_convolution(const VectorRef<const T>& theta, Index l, const T* delta, Index column,
                           const VectorRef<T>& theta_bar);

  ImageShape shape_;
  std::vector<Layer> layers_;
  Index columns_ = 0;
  struct Map {
    Matrix<T> h, slope, g;
  };
  std::vector<Map> maps_;  // of every layer but the last
  Matrix<T> x_;
  Matrix<T> neighbours_, their_adjoint_;  // of one image at a time
  Vector<T> ones_;
};

extern template class ImageNetwork<float>;
extern template class ImageNetwork<double>;

}  // namespace weir
