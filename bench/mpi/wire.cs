#:property AllowUnsafeBlocks=true
#:property PublishAot=false

// A network of two ends for ./network, where the kernel cannot delay packets: two devices of Linux's TUN, between which this process carries packets as a line would that
// takes so long and lets so many bits a second through. Arguments: DELAY (ms each way) RATE (Mbit/s) DEVICE DEVICE. Prints "ready" once both are there; ends with its input.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

double delay = double.Parse(args[0], CultureInfo.InvariantCulture) / 1000;
double bitsPerSecond = double.Parse(args[1], CultureInfo.InvariantCulture) * 1e6;
int[] ends = [Wire.Open(args[2]), Wire.Open(args[3])];
new Wire(ends[0], ends[1], delay, bitsPerSecond).Start();
new Wire(ends[1], ends[0], delay, bitsPerSecond).Start();
Console.WriteLine("ready");
Console.In.ReadToEnd();

/// <summary>One direction.</summary>
internal sealed unsafe class Wire(int from, int to, double delay, double bitsPerSecond)
{
    // What waits for its turn to be sent beyond this is lost, as in a switch; what is on its way does not count.
    private const double LongestQueue = 0.1;
    private const int LargestPacket = 1 << 16;
    private const uint TunSetDevice = 0x400454CA;
    private const short TunWithoutHeader = 0x0001 | 0x1000;
    private const int ReadWrite = 2;

    private readonly BlockingCollection<(double Due, byte[] Packet)> _underWay = [];

    /// <summary>Makes a device.</summary>
    public static int Open(string name)
    {
        int file = open("/dev/net/tun", ReadWrite);
        byte* request = stackalloc byte[40];
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, 15));
        *(short*)(request + 16) = TunWithoutHeader;
        if (file < 0 || ioctl(file, TunSetDevice, request) < 0)
        {
            throw new IOException($"{name}: /dev/net/tun gives no device: error {Marshal.GetLastPInvokeError()}. Run as root, on Linux with TUN.");
        }
        return file;
    }

    public void Start()
    {
        new Thread(Take) { IsBackground = true }.Start();
        new Thread(Deliver) { IsBackground = true }.Start();
    }

    private static double Now => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    private void Take()
    {
        byte* packet = (byte*)NativeMemory.Alloc(LargestPacket);
        double free = 0;
        while (true)
        {
            nint bytes = read(from, packet, LargestPacket);
            if (bytes <= 0)
            {
                // The device is not up yet.
                Thread.Sleep(1);
                continue;
            }
            double start = Math.Max(free, Now);
            if (start - Now > LongestQueue)
            {
                continue;
            }
            free = start + (bytes * 8 / bitsPerSecond);
            _underWay.Add((free + delay, new Span<byte>(packet, (int)bytes).ToArray()));
        }
    }

    private void Deliver()
    {
        foreach ((double due, byte[] packet) in _underWay.GetConsumingEnumerable())
        {
            double wait = due - Now;
            if (wait > 0)
            {
                Time time = new() { Seconds = (long)wait, Nanoseconds = (long)((wait - (long)wait) * 1e9) };
                _ = nanosleep(&time, null);
            }
            fixed (byte* start = packet)
            {
                _ = write(to, start, (nuint)packet.Length);
            }
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int ioctl(int file, nuint request, void* argument);

    [DllImport("libc")]
    private static extern nint read(int file, void* to, nuint count);

    [DllImport("libc")]
    private static extern nint write(int file, void* from, nuint count);

    [DllImport("libc")]
    private static extern int nanosleep(Time* wanted, Time* left);

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
