using System.Globalization;
using System.Reflection;

namespace HyperKernels.Tests.Arguments;

/// <summary>
/// Every public member of every package is called with bad arguments: it works, or it refuses with an exception that is documented and says what is wrong.
/// </summary>
public sealed class BadArgumentTests
{
    // Of every so many members one is called by default, chosen by its name, so that a new one changes nothing for the others: a few seconds of what takes minutes.
    private const int Sampled = 24;
    private const int SampledCalls = 3;
    private const int SampledCount = 100;

    [Test]
    public void SampledMembers_RefuseOrWork() => Check(
        [.. PublicMembers.All.Where(member => ArgumentWalk.Seed(PublicMembers.Name(member), 0) % Sampled == 0)], SampledCalls, SampledCount, withOpenCL: false, null);

    [Test]
    [Explicit("minutes: every member, as often as HYPERKERNELS_ARGUMENTS says, with up to HYPERKERNELS_ARGUMENTS_COUNT layers, steps and the like and OpenCL as the second "
        + "device; HYPERKERNELS_ARGUMENTS_ONLY chooses members by a part of their names, HYPERKERNELS_ARGUMENTS_PART one in so many, as 0/4")]
    [Category("Long")]
    public void EveryMember_RefusesOrWorks()
    {
        string? only = Environment.GetEnvironmentVariable("HYPERKERNELS_ARGUMENTS_ONLY");
        string[] part = (Environment.GetEnvironmentVariable("HYPERKERNELS_ARGUMENTS_PART") ?? "0/1").Split('/');
        (int own, int parts) = (int.Parse(part[0], CultureInfo.InvariantCulture), int.Parse(part[1], CultureInfo.InvariantCulture));
        using StreamWriter log = new(Path.Combine(Path.GetTempPath(), $"hyperkernels-arguments-{own}.log"));
        Check(
            [.. PublicMembers.All.Where(member => only is null || PublicMembers.Name(member).Contains(only, StringComparison.Ordinal)).Where((_, i) => i % parts == own)],
            Number("HYPERKERNELS_ARGUMENTS", 40), Number("HYPERKERNELS_ARGUMENTS_COUNT", 1000), withOpenCL: true, log);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static void Check(IReadOnlyList<MethodBase> members, int calls, int mostCounted, bool withOpenCL, TextWriter? log)
    {
        using ArgumentWalk walk = new(withOpenCL, mostCounted);
        foreach (MethodBase member in members)
        {
            walk.Try(member, calls, log);
        }
        string summary = $"{walk.Members} members, {walk.Calls} calls; {walk.Reached} members answered at least once";
        TestContext.Out.WriteLine(summary);
        log?.WriteLine(string.Join("\n", walk.Unreached.Select(name => $"UNREACHED {name}")));
        string report = string.Join("\n", walk.Findings.Select(place => $"{place.Key} ({place.Value.Count}): {place.Value[0]}"));
        log?.WriteLine(string.Join("\n", walk.Findings.SelectMany(place => place.Value.Select(one => $"FINDING {place.Key}: {one}"))));
        log?.WriteLine(summary);
        Assert.That(walk.Findings, Is.Empty, report);
    }
}
