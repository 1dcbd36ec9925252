"""SVG by gnuplot: latency distribution and throughput."""

import os
import subprocess
import tempfile


def _gnuplot(script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def _data(directory, name, rows):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(" ".join(str(v) for v in row) + "\n" for row in rows)
    return path


def latency(results, workload, path):
    """Latency by percentile, the tail stretched: x is -log10 of what is left above."""
    entries = results["workloads"][workload]
    with tempfile.TemporaryDirectory() as directory:
        curves = []
        for name, entry in entries.items():
            rows = [(100 / (100 - float(p)), us) for p, us in entry["percentiles_us"].items() if us > 0]
            curves.append(f"'{_data(directory, name, sorted(rows))}' using 1:2 with linespoints title '{name}'")
        tics = ", ".join(f"'{p}' {100 / (100 - p)}" for p in (50, 90, 99, 99.9, 99.99))
        _gnuplot(f"set terminal svg size 800,480 background 'white'\nset output '{path}'\n"
                 f"set title '{workload}: latency by percentile'\nset logscale xy\nset xtics ({tics})\n"
                 "set xlabel 'percentile'\nset ylabel 'µs'\nset key left top\nset grid\n"
                 f"plot {', '.join(curves)}\n")


def throughput(results, path):
    """Every workload's rate relative to nbdkit's; what was measured everywhere."""
    workloads = results["workloads"]
    names = [n for n in next(iter(workloads.values())) if all(n in entries for entries in workloads.values())]
    with tempfile.TemporaryDirectory() as directory:
        rows = [[f'"{w}"'] + [e[n]["iops"] / e["nbdkit"]["iops"] for n in names] for w, e in workloads.items()]
        data = _data(directory, "rates", rows)
        bars = ", ".join(f"'{data}' using {i + 2}:xtic(1) title '{n}'" for i, n in enumerate(names))
        _gnuplot(f"set terminal svg size 900,480 background 'white'\nset output '{path}'\n"
                 "set title 'throughput relative to nbdkit (memory) of the same run'\n"
                 "set style data histograms\nset style histogram clustered\nset style fill solid 0.8\n"
                 "set yrange [0:*]\nset grid ytics\nset xtics rotate by -15\n"
                 f"plot {bars}\n")
