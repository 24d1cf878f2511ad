#include "weir/energies/FeatureBasis.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/Lanes.hpp"
#include "weir/base/Error.hpp"

namespace weir {
namespace {

FeatureOptions features(Index degree, const std::string& kind, bool trigonometric,
                        const std::string& profile) {
  FeatureOptions options;
  options.polynomial = PolynomialOptions{degree, kind, trigonometric};
  options.radial = RadialOptions{};
  options.radial->centres.at = GridCentres{3};
  options.radial->centres.low = Real(-1);
  options.radial->centres.high = Real(1);
  options.radial->profile = profile;
  options.where = "model.features";
  return options;
}

TEST(FeatureBasis, CountsAndNames) {
  const auto options = features(2, "total", false, "constant");
  EXPECT_EQ(count_features(options, 2), 5 + 9);
  const auto basis = make_features(options, 2, {});
  EXPECT_EQ(basis.size(), 14);
  const auto names = feature_names(basis);
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + 5),
            (std::vector<std::string>{"x0", "x0^2", "x1", "x0 x1", "x1^2"}));
  EXPECT_EQ(names.back(), "radial 8");
  EXPECT_EQ(count_features(features(4, "auto", false, "constant"), 2),
            24 + 9);  // tensor up to three dimensions
  EXPECT_EQ(count_features(features(2, "auto", true, "constant"), 4), 3 * 14 + 81);  // total above
}

TEST(FeatureBasis, GradientsAreThoseOfCentralDifferences) {
  const Real points[4][2] = {{0.3, -0.8}, {1.1, 0.6}, {-0.45, 0.2}, {0.9, -1.2}};
  for (const char* profile :
       {"constant", "linear", "cubic", "thin_plate", "multiquadric", "inverse_multiquadric"}) {
    const auto basis = make_features(features(3, "tensor", true, profile), 2, {});
    for (const auto& x : points)
      for (int k = 0; k < basis.size(); ++k) {
        Real g[2], unused[2];
        basis.value_and_gradient(k, x, g);
        for (int c = 0; c < 2; ++c) {
          Real up[2] = {x[0], x[1]}, down[2] = {x[0], x[1]};
          up[c] += 1e-6, down[c] -= 1e-6;
          const Real expected =
              (basis.value_and_gradient(k, up, unused) - basis.value_and_gradient(k, down, unused)) / 2e-6;
          EXPECT_NEAR(g[c], expected, 1e-7 * (1 + std::fabs(expected))) << profile << " " << k;
        }
      }
  }
}

TEST(FeatureBasis, PacksAreSingleNumbersSideBySide) {
  const auto basis = make_features(features(4, "tensor", false, "thin_plate"), 2, {});
  Real x0[lane_count<Real>], x1[lane_count<Real>], lanes[lane_count<Real>];
  for (int lane = 0; lane < lane_count<Real>; ++lane)
    x0[lane] = 0.1 * lane - 0.35, x1[lane] = 0.7 - 0.2 * lane;
  const HostLanes<Real> x[2] = {load_lanes<Real>(x0), load_lanes<Real>(x1)};
  for (int k = 0; k < basis.size(); ++k) {
    HostLanes<Real> g[2];
    store(basis.value_and_gradient(k, x, g), lanes);
    for (int lane = 0; lane < lane_count<Real>; ++lane) {
      const Real point[2] = {x0[lane], x1[lane]};
      Real unused[2];
      EXPECT_NEAR(lanes[lane], basis.value_and_gradient(k, point, unused), 1e-14);
    }
  }
}

TEST(FeatureBasis, TooManyAreAnErrorThatNamesTheCount) {
  try {
    count_features(features(4, "tensor", false, "constant"), 8);
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("asks for 397185 features in 8 dimensions"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace weir
