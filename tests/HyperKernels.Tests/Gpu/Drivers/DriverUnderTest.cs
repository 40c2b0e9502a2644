using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using HyperKernels.Backends;
using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>A stand-in in this process, which stands where the environment says the driver is: what it was called for, and which call fails.</summary>
internal sealed unsafe partial class DriverUnderTest
{
    private readonly nint _library;
    private readonly Func<IBackendProvider> _provider;

    /// <param name="name"><c>opencl</c> or <c>cuda</c>.</param>
    /// <param name="library">The stand-in's file.</param>
    public DriverUnderTest(string name, string library)
    {
        Name = name;
        _library = NativeLibrary.Load(library);
        IsCuda = name == "cuda";
        _provider = IsCuda ? static () => new CudaProvider() : static () => new OpenCLProvider();
    }

    public string Name { get; }

    public bool IsCuda { get; }

    /// <summary>All that may be called.</summary>
    public IReadOnlyList<string> Functions => IsCuda ? CudaImports.Functions : OpenCLImports.Functions;

    /// <summary>An answer that leaves the device as it was: out of (host) memory.</summary>
    public int Refusal => IsCuda ? 2 : -6;

    /// <summary>A fault in a kernel: launch failed, invalid queue.</summary>
    public int Fault => IsCuda ? 719 : -36;

    /// <summary>The device is not there any more: device unavailable, device not available.</summary>
    public int Absence => IsCuda ? 46 : -2;

    /// <summary>What was called since calls were last told to fail, or to fail no more.</summary>
    public string[] Calls
    {
        get
        {
            string[] calls = new string[((delegate* unmanaged<int>)Export("standin_calls"))()];
            delegate* unmanaged<int, nint> name = (delegate* unmanaged<int, nint>)Export("standin_call");
            for (int i = 0; i < calls.Length; i++)
            {
                calls[i] = Marshal.PtrToStringUTF8(name(i))!;
            }
            return calls;
        }
    }

    /// <summary>All calls go well.</summary>
    public void FailNoMore() => FailNamed("", 0);

    /// <summary>Every call of a function fails.</summary>
    public void FailNamed(string function, int status)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(function + "\0"))
        {
            ((delegate* unmanaged<byte*, int, int, void>)Export("standin_fail"))(name, status, 0);
        }
    }

    /// <summary>One call from now on fails, counted from 0; or it and all after it.</summary>
    public void FailCall(int number, int status, bool andAllAfter) =>
        ((delegate* unmanaged<int, int, int, void>)Export("standin_fail_call"))(number, status, andAllAfter ? 1 : 0);

    /// <summary>What some work calls, in order.</summary>
    public string[] Log(Action work)
    {
        FailNoMore();
        work();
        return Calls;
    }

    /// <summary>Looks for the device anew and opens it.</summary>
    /// <exception cref="DeviceException">It is not there, or does not open.</exception>
    public Device Open()
    {
        IBackendProvider provider = _provider();
        return provider.Absence is { } reason ? throw new BackendUnavailableException($"{Name}: {reason}") : new Device(provider.Open());
    }

    /// <summary>What a message says failed: <c>clFinish</c>, <c>a launch</c>; all of it where it does not have the form.</summary>
    public string ToldAs(string message, int status)
    {
        Match match = Told().Match(message);
        return match.Success && match.Groups["api"].Value == Name && (!match.Groups["status"].Success || match.Groups["status"].Value == $"{status}")
            ? match.Groups["call"].Value
            : $"\"{message}\"";
    }

    [GeneratedRegex(
        @"^(?<api>\w+): (?:(?:the \w+ installation is broken: )?(?<call>[\w ]+) failed \([\w ]+, (?<status>-?\d+)\)"
        + @"|\S.* (?<call>cannot be opened) \([\w ]+, (?<status>-?\d+)\)|(?<call>out of memory): asked for [\d,]+ bytes; )")]
    private static partial Regex Told();

    private nint Export(string function) => NativeLibrary.GetExport(_library, function);
}
