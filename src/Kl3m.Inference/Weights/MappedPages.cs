namespace Kl3m.Inference.Weights;

/// <summary>
/// Tells the system which pages of a mapped file are wanted soon and which no longer: reading runs ahead of converting, and a file of 7 GB does
/// not stand in memory beside the weights that were made of it. Advice only: without it everything works, with more memory.
/// </summary>
internal static unsafe class MappedPages
{
    public static void WillNeed(byte* start, long length)
    {
        var first = (nint)start & ~((nint)Environment.SystemPageSize - 1);
        Memory.Advise(first, (nint)start + (nint)length - first, MemoryAdvice.WillNeed);
    }

    /// <summary>Whole pages inside the range; they would be read again if they were looked at.</summary>
    public static void DontNeed(byte* start, long length)
    {
        nint page = Environment.SystemPageSize;
        var first = ((nint)start + page - 1) & ~(page - 1);
        var last = ((nint)start + (nint)length) & ~(page - 1);
        Memory.Advise(first, last - first, MemoryAdvice.DontNeed);
    }
}
