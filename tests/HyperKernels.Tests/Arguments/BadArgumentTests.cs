using System.Globalization;
using System.Reflection;

namespace HyperKernels.Tests.Arguments;

/// <summary>
/// Every public member of every package is called with bad arguments: it works, or it refuses with an exception that is documented and says what is wrong.
/// </summary>
public sealed class BadArgumentTests
{
    // Of every so many members one is called by default: a few seconds of what takes minutes.
    private const int Sampled = 24;
    private const int SampledCalls = 3;

    [Test]
    public void SampledMembers_RefuseOrWork() => Check([.. PublicMembers.All.Where((_, i) => i % Sampled == 0)], SampledCalls, null);

    [Test]
    [Explicit("minutes: every member, as often as HYPERKERNELS_ARGUMENTS says; HYPERKERNELS_ARGUMENTS_ONLY chooses members by a part of their names")]
    [Category("Long")]
    public void EveryMember_RefusesOrWorks()
    {
        int calls = int.Parse(Environment.GetEnvironmentVariable("HYPERKERNELS_ARGUMENTS") ?? "40", CultureInfo.InvariantCulture);
        string? only = Environment.GetEnvironmentVariable("HYPERKERNELS_ARGUMENTS_ONLY");
        using StreamWriter log = new(Path.Combine(Path.GetTempPath(), "hyperkernels-arguments.log"));
        Check([.. PublicMembers.All.Where(member => only is null || PublicMembers.Name(member).Contains(only, StringComparison.Ordinal))], calls, log);
    }

    private static void Check(IReadOnlyList<MethodBase> members, int calls, TextWriter? log)
    {
        using ArgumentWalk walk = new();
        foreach (MethodBase member in members)
        {
            walk.Try(member, calls, log);
        }
        TestContext.Out.WriteLine($"{walk.Members} members, {walk.Calls} calls; {walk.Reached} members answered at least once");
        log?.WriteLine(string.Join("\n", walk.Unreached.Select(name => $"UNREACHED {name}")));
        string report = string.Join("\n", walk.Findings.Select(place => $"{place.Key} ({place.Value.Count}): {place.Value[0]}"));
        log?.WriteLine(string.Join("\n", walk.Findings.SelectMany(place => place.Value.Select(one => $"FINDING {place.Key}: {one}"))));
        Assert.That(walk.Findings, Is.Empty, report);
    }
}
