// SPDX-License-Identifier: MIT
// Where `hft bench` puts what it measured: a table, and the files asked for.
#pragma once

#include <vector>

#include "hft/results.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "sweep_results.hpp"

namespace hft::bench {

/// Make the folders that the files go into, before anything is measured: what
/// took minutes is not lost for want of one. Throws std::system_error.
void make_folders(const Options& options);

/// `results` has all but what was measured.
void write_results(const Options& options, const std::vector<Measured>& all,
                   Results results);
/// `frame` has all but the points.
void write_sweep(const Options& options, std::vector<SweepPoint> points,
                 const Results& frame);

}  // namespace hft::bench
