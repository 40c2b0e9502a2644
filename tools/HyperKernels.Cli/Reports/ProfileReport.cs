namespace HyperKernels.Cli.Reports;

/// <summary>Where the time of a recipe's steps went; milliseconds and bytes are those of a step, the mean of all.</summary>
internal sealed record ProfileReport(
    string Recipe,
    string Device,
    int Threads,
    int Steps,
    double StepMs,
    double OpsMs,
    double UnaccountedMs,
    double ProfilingMs,
    double PeakGflops,
    double CopyGbps,
    IReadOnlyList<ProfileRow> Ops,
    string Speedscope,
    string FlameGraph);

/// <summary>All calls of one op in one pass.</summary>
/// <param name="Op">The backend's name for it.</param>
/// <param name="Pass">Forward, backward or update.</param>
/// <param name="Calls">How many a step.</param>
/// <param name="Ms">Milliseconds a step.</param>
/// <param name="ShareOfStep">Of the step's time.</param>
/// <param name="Bytes">What has to be moved at least, a step.</param>
/// <param name="Gflops">10^9 operations a second.</param>
/// <param name="Gbps">10^9 bytes a second.</param>
/// <param name="ShareOfBound">The least time that peak and bandwidth allow, over the time it took.</param>
internal sealed record ProfileRow(
    string Op, string Pass, double Calls, double Ms, double ShareOfStep, double Bytes, double Gflops, double Gbps, double ShareOfBound);
