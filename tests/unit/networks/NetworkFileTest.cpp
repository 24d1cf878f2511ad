#include "weir/networks/NetworkFile.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "networks/PlainNetwork.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {
namespace {

class NetworkFileParallel : public testing::Test {
 protected:
  NetworkFileParallel() {
    const Index id = comm_.broadcast_value(Index(getpid()));
    path_ = (std::filesystem::temp_directory_path() / fmt::format("weir_networks_{}.h5", id)).string();
  }
  ~NetworkFileParallel() override {
    comm_.barrier();
    if (comm_.is_root()) std::filesystem::remove(path_);
  }
  Hdf5File open(Hdf5File::Access access) const { return Hdf5File(path_, comm_.mpi(), access); }

  /// What reading the network says after `damage` was done to a sound file.
  std::string message_after(const std::function<void(Hdf5File&)>& damage) const {
    MlpShape shape;
    shape.inputs = 2;
    shape.hidden = {4, 3};
    {
      Hdf5File file = open(Hdf5File::Access::create);
      write_network(file, "/networks/potential", {shape, some_parameters(shape)});
      damage(file);
    }
    try {
      read_network(open(Hdf5File::Access::read), "/networks/potential", "predict.network");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  Communicator comm_;
  std::string path_;
};

TEST_F(NetworkFileParallel, WhatIsWrittenIsRead) {
  for_each_network(2, [this](const std::string& name, const MlpShape& shape) {
    const auto parameters = some_parameters(shape);
    {
      Hdf5File file = open(Hdf5File::Access::create);
      write_network(file, "/networks/potential", {shape, parameters});
      write_network(file, "/networks/other", {MlpShape(), some_parameters(MlpShape())});
    }
    const Hdf5File file = open(Hdf5File::Access::read);
    const StoredNetwork network = read_network(file, "/networks/potential", shape, "where");
    EXPECT_TRUE(network.shape == shape) << name;
    EXPECT_EQ(network.parameters, parameters) << name;
    EXPECT_TRUE(read_network(file, "/networks/other", "where").shape == MlpShape());
  });
}

TEST_F(NetworkFileParallel, LinearOnesToo) {
  MlpShape shape;
  shape.hidden = {};
  {
    Hdf5File file = open(Hdf5File::Access::create);
    write_network(file, "/f", {shape, {2, 3}});
  }
  EXPECT_EQ(read_network(open(Hdf5File::Access::read), "/f", shape, "where").parameters,
            (std::vector<Real>{2, 3}));
}

TEST_F(NetworkFileParallel, DamageIsAnInputErrorThatNamesIt) {
  const std::string start = "predict.network: network /networks/potential is damaged: ";
  const std::string group = "/networks/potential";
  EXPECT_EQ(message_after([](Hdf5File&) {}), "");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.remove(group); }),
            "predict.network: the file has no network /networks/potential");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.remove(group + "/parameters"); }),
            start + "it has no parameters");
  EXPECT_EQ(message_after([&](Hdf5File& file) {
              file.write(group + "/parameters", {1, 2, 3}, {3});
            }),
            start + "parameters has shape (3), (31) is expected");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.write(group + "/hidden", {4}, {1}); }),
            start + "hidden has shape (1), (2) is expected");
  EXPECT_EQ(message_after([&](Hdf5File& file) {
              file.write(group + "/hidden", {4, 2.5}, {2});
            }),
            start + "a hidden layer has width 2.5");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.set_attribute(group, "activation", "sine"); }),
            start + "there is no activation sine; there are softplus, silu, gelu, tanh, relu");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.set_attribute(group, "inputs", -2.); }),
            start + "inputs is -2, an integer from 1 to 16777216 is expected");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.set_attribute(group, "horizon", 0.); }),
            start + "horizon is 0, a number above 0 is expected");
  EXPECT_EQ(message_after([&](Hdf5File& file) { file.set_attribute(group, "residual", 7.); }),
            start + "residual is 7, an integer from 0 to 1 is expected");
  EXPECT_EQ(message_after([&](Hdf5File& file) {
              file.write(group + "/parameters", std::vector<Real>(31, HUGE_VAL), {31});
            }),
            start + "parameters holds numbers that are not finite");
  const std::string missing = message_after([&](Hdf5File& file) {
    file.remove(group);
    file.write(group + "/parameters", {1}, {1});
  });
  EXPECT_EQ(missing.find(start + "attribute inputs cannot be read"), 0u) << missing;
}

TEST_F(NetworkFileParallel, AnotherShapeIsAnInputError) {
  EXPECT_EQ(message_after([](Hdf5File&) {}), "");
  MlpShape expected;
  expected.inputs = 2;
  expected.hidden = {64, 64};
  try {
    read_network(open(Hdf5File::Access::read), "/networks/potential", expected, "model.potential");
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "model.potential: network /networks/potential has hidden [4, 3], [64, 64] is expected");
  }
}

}  // namespace
}  // namespace weir
