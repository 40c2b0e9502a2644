using System.Collections;
using System.Reflection;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Arguments;

/// <summary>Calls public members with one bad argument after the other, and tells what came of it.</summary>
internal sealed class ArgumentWalk : IDisposable
{
    // No argument is large enough to be worth this much of a processor's time or memory of the collector.
    private const double MostSeconds = 10;
    private const long MostBytes = 256L << 20;

    private readonly WalkDevices _devices;
    private readonly int _mostCounted;
    private readonly TestData.TemporaryFolder _folder = TestData.Temporary();
    private readonly HashSet<string> _reached = [];

    /// <param name="withOpenCL">Whether the second device is one of OpenCL.</param>
    /// <param name="mostCounted">The largest number of layers, steps and the like that is asked for.</param>
    public ArgumentWalk(bool withOpenCL, int mostCounted)
    {
        _devices = new WalkDevices(withOpenCL);
        _mostCounted = mostCounted;
        using (Device.Use(_devices.Main))
        {
            HyperNetwork.For(new Sequential(new Linear(2, 2)), Condition.Range("a", 0, 1), hidden: [2]).Save(_folder.File("a.safetensors"));
        }
    }

    public SortedDictionary<string, List<string>> Findings { get; } = new(StringComparer.Ordinal);

    public int Calls { get; private set; }

    public int Members { get; private set; }

    public int Reached => _reached.Count;

    public IEnumerable<string> Unreached { get; private set; } = [];

    /// <summary>Calls a member some times; each call's arguments follow from the member's name and the call's number alone.</summary>
    public void Try(MethodBase member, int calls, TextWriter? log = null, int first = 0)
    {
        if (Skips.IsSkipped(member) || Invokers.Of(member) is not { } call)
        {
            return;
        }
        _devices.Renew();
        Members++;
        string name = PublicMembers.Name(member);
        for (int i = first; i < first + calls; i++)
        {
            log?.WriteLine($"{name} #{i}");
            log?.Flush();
            int number = i;
            // Scopes, tapes and devices in use flow with the context: what a call leaves open ends here.
            ExecutionContext.Run(ExecutionContext.Capture()!, _ => TryOnce(member, call, name, number), null);
            Calls++;
        }
        if (!_reached.Contains(name))
        {
            Unreached = Unreached.Append(name);
        }
    }

    /// <summary>A number that follows from a member's name and a call's number alone.</summary>
    public static int Seed(string name, int number)
    {
        uint hash = 2166136261;
        foreach (char letter in name)
        {
            hash = (hash ^ letter) * 16777619;
        }
        return (int)((hash + ((uint)number * 2654435761)) & int.MaxValue);
    }

    public void Dispose()
    {
        _devices.Dispose();
        _folder.Dispose();
    }

    private void TryOnce(MethodBase member, Invoker.Call call, string name, int number)
    {
        ArgumentSource source = new(Seed(name, number), _devices, _folder.Root, _mostCounted);
        using DeviceUse use = Device.Use(_devices.Main);
        using MemoryScope scope = _devices.Main.Scope();
        ParameterInfo[] parameters = member.GetParameters();
        int choices = parameters.Length + (member.IsStatic || member.IsConstructor ? 0 : 1);
        // The first call, and every other where there is nothing to be bad, is meant to succeed.
        int bad = number == 0 || choices == 0 ? -1 : (number - 1) % choices;
        object? receiver = null;
        if (!member.IsStatic && !member.IsConstructor)
        {
            receiver = source.Receiver(member.DeclaringType!, bad == parameters.Length);
            if (receiver is null)
            {
                return;
            }
        }
        object?[] arguments = new object?[parameters.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            arguments[i] = i == bad ? source.Bad(parameters[i]) : source.Good(parameters[i]);
            type = type.IsByRef ? type.GetElementType()! : type;
            if (arguments[i] is null && type is { IsValueType: true, IsByRefLike: false } && Nullable.GetUnderlyingType(type) is null)
            {
                arguments[i] = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
            }
        }
        // Of the process, which does nothing else: the machine may be busy with others.
        TimeSpan start = Environment.CpuUsage.TotalTime;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Use(call(receiver, arguments));
            _reached.Add(name);
        }
        catch (Exception failure)
        {
            if (Verdict.Of(failure, member) is ({ } what, { } where))
            {
                Add(where, $"{what.ReplaceLineEndings("|")}", name, number, bad < 0 ? "-" : bad == parameters.Length ? "receiver" : parameters[bad].Name!, arguments);
            }
        }
        double seconds = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        if (seconds > MostSeconds || bytes > MostBytes)
        {
            Add(name, $"took {seconds:F1} s and {bytes >> 20} MiB", name, number, bad < 0 || bad == parameters.Length ? "-" : parameters[bad].Name!, arguments);
        }
    }

    // A lazy answer runs when it is looked at.
    private static void Use(object? result)
    {
        if (result is IEnumerable lazy and not string)
        {
            int seen = 0;
            foreach (object? _ in lazy)
            {
                if (++seen == 3)
                {
                    break;
                }
            }
        }
        if (result is IDisposable disposable and not (Device or Task))
        {
            disposable.Dispose();
        }
    }

    private void Add(string where, string what, string name, int number, string bad, object?[] arguments)
    {
        string text = what.Length > 300 ? what[..300] : what;
        if (!Findings.TryGetValue(where, out List<string>? list))
        {
            Findings.Add(where, list = []);
        }
        list.Add($"{name} #{number}, bad {bad} [{string.Join(", ", arguments.Select(Brief))}]: {text}");
    }

    private static string Brief(object? value)
    {
        string text = value switch
        {
            null => "null",
            Tensor tensor => tensor.Description,
            IDisposable or Delegate => value.GetType().Name,
            ICollection { Count: var count } => $"{PublicMembers.Short(value.GetType())} of {count}",
            IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            string or Shape => value.ToString()!.ReplaceLineEndings("|"),
            _ => PublicMembers.Short(value.GetType()),
        };
        return text.Length > 60 ? text[..60] : text;
    }
}
