using System.Diagnostics;
using System.Reflection;

namespace HyperKernels.Tests.Arguments;

/// <summary>Whether what a call threw is what the page of reliability promises: a kind that says what to mend, and a message that names it.</summary>
internal static class Verdict
{
    /// <summary>A name with a line of its own in it: messages must not repeat it as it is.</summary>
    public const string TwoLines = "two\nlines";

    // What says of itself which argument of which method was null, empty or ended, if it stands in the library's own code.
    private static readonly string[] s_speaking = [nameof(ArgumentNullException), nameof(ObjectDisposedException)];

    /// <summary>What is wrong with a failure, or null; with the method of the library where it arose.</summary>
    public static (string What, string Where)? Of(Exception failure, MethodBase member)
    {
        MethodBase[] frames = [.. new StackTrace(failure, false).GetFrames().Select(frame => frame.GetMethod()).OfType<MethodBase>()];
        MethodBase? own = Array.Find(frames, frame => frame.DeclaringType is { } type && PublicMembers.Assemblies.Contains(type.Assembly) && type.Name is not "Throw");
        string where = own is null ? PublicMembers.Name(member) : $"{PublicMembers.Short(own.DeclaringType!)}.{own.Name}";
        string name = failure.GetType().Name;
        if (!IsAllowed(failure))
        {
            return ($"{name}: {failure.Message}", where);
        }
        // A path is the caller's own and stands in the system's messages as it is.
        if (failure is not IOException && failure.Message.Contains(TwoLines, StringComparison.Ordinal))
        {
            return ($"a name with a line end goes into the message as it is: {failure.Message}", where);
        }
        bool isNamed = failure is ArgumentException { ParamName: { } given } && Names(member, given);
        return failure is ArgumentException or InvalidOperationException && !isNamed && IsOfTheFramework(failure, frames)
            ? ($"the framework's own words, {name}: {failure.Message}", where)
            : failure is ArgumentException argument && !SaysWhat(argument, member) ? ($"names neither method nor parameter, {name}: {failure.Message}", where) : null;
    }

    private static bool IsAllowed(Exception failure) =>
        failure is ArgumentException or ObjectDisposedException or InvalidOperationException or NotSupportedException or DeviceException or IOException or InvalidDataException
            or UnauthorizedAccessException or OperationCanceledException or HyperKernels.Distributed.CommunicationException;

    // Thrown by the framework and not by one of its checks that the library calls first thing in a method.
    private static bool IsOfTheFramework(Exception failure, MethodBase[] frames)
    {
        int outside = Array.FindIndex(frames, frame => frame.DeclaringType is not { } type || !IsSystem(type));
        bool isCheck = s_speaking.Contains(failure.GetType().Name)
            || frames[..Math.Max(outside, 0)].Any(frame => frame.Name.StartsWith("ThrowIf", StringComparison.Ordinal) && frame.DeclaringType == typeof(ArgumentException));
        bool calledAtOnce = outside >= 0 && frames[..outside].All(frame => frame.Name.StartsWith("Throw", StringComparison.Ordinal));
        return outside != 0 && !(isCheck && calledAtOnce);
    }

    private static bool SaysWhat(ArgumentException failure, MethodBase member) =>
        failure is ArgumentNullException || failure.ParamName is { Length: > 0 }
        || failure.Message.Split(':')[0] is { Length: > 0 } start && failure.Message.Contains(':', StringComparison.Ordinal)
        || member.GetParameters().Any(parameter => failure.Message.Contains(parameter.Name!, StringComparison.OrdinalIgnoreCase))
        || failure.Message.Contains(member.DeclaringType!.Name, StringComparison.Ordinal) || failure.Message.Contains(member.Name, StringComparison.Ordinal);

    private static bool Names(MethodBase member, string parameter) => member.GetParameters().Any(known => known.Name == parameter);

    private static bool IsSystem(Type type) => type.Assembly.GetName().Name is { } name && (name.StartsWith("System", StringComparison.Ordinal) || name == "mscorlib");
}
