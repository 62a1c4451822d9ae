// SPDX-License-Identifier: MIT
// Where `hft bench` puts what it measured: a table, and the files asked for.
#pragma once

#include <vector>

#include "bench/measure.hpp"
#include "bench/options.hpp"
#include "lab/results.hpp"
#include "lab/sweep_results.hpp"

namespace hft::bench {

/// Make the folders that the files go into, before anything is measured: what
/// took minutes is not lost for want of one. Throws std::system_error.
void make_folders(const Options& options);

/// `results` has all but what was measured.
void write_results(const Options& options, const std::vector<Measured>& all,
                   lab::Results results);
/// `frame` has all but the points.
void write_sweep(const Options& options, std::vector<lab::SweepPoint> points,
                 const lab::Results& frame);

}  // namespace hft::bench
