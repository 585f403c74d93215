using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a 64-bit little-endian ELF file and marks its needs of one symbol version weak (VER_FLG_WEAK in vna_flags of
/// .gnu.version_r; layout: the Linux Standard Base, "Symbol Versioning"). The loader then accepts a library that lacks it.
/// </summary>
public sealed class WeakenVersionNeed : Task
{
    private const int VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort Weak = 0x2;                   // VER_FLG_WEAK

    [Required] public string Source { get; set; } = "";
    [Required] public string Destination { get; set; } = "";
    [Required] public string Version { get; set; } = "";

    public override bool Execute()
    {
        var elf = File.ReadAllBytes(Source);
        if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[4] != 2 || elf[5] != 1)
        {
            Log.LogError("{0} is not a 64-bit little-endian ELF file.", Source);
            return false;
        }
        var weakened = Weaken(elf);
        Log.LogMessage(MessageImportance.Low, "{0}: {1} need(s) of {2} made weak.", Source, weakened, Version);
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        var partial = Destination + "." + Guid.NewGuid().ToString("n"); // projects build side by side: never a half file
        File.WriteAllBytes(partial, elf);
        if (rename(partial, Destination) != 0)
        {
            Log.LogError("{0} could not be written.", Destination);
            return false;
        }
        return true;
    }

    /// <summary>Replaces the destination in one step, which File.Move cannot do on the framework that build tasks are compiled for.</summary>
    [DllImport("libc", CharSet = CharSet.Ansi)]
    private static extern int rename(string from, string to);

    private int Weaken(byte[] elf)
    {
        var sections = (int)BitConverter.ToInt64(elf, 0x28);
        int size = BitConverter.ToUInt16(elf, 0x3a), count = BitConverter.ToUInt16(elf, 0x3c), weakened = 0;
        int Field(int section, int offset) => (int)BitConverter.ToInt64(elf, sections + section * size + offset);
        for (var section = 0; section < count; section++)
        {
            if (BitConverter.ToUInt32(elf, sections + section * size + 4) != VersionNeedSection)
            {
                continue;
            }
            int need = Field(section, 0x18), names = Field(BitConverter.ToInt32(elf, sections + section * size + 0x28), 0x18);
            for (int more = 1; more != 0; need += more)
            {
                var entry = need + BitConverter.ToInt32(elf, need + 8);
                for (var left = BitConverter.ToUInt16(elf, need + 2); left > 0; left--)
                {
                    if (NameAt(elf, names + BitConverter.ToInt32(elf, entry + 8)) == Version)
                    {
                        elf[entry + 4] |= (byte)Weak;
                        weakened++;
                    }
                    entry += BitConverter.ToInt32(elf, entry + 12);
                }
                more = BitConverter.ToInt32(elf, need + 12);
            }
        }
        return weakened;
    }

    private static string NameAt(byte[] elf, int start)
    {
        var end = Array.IndexOf(elf, (byte)0, start);
        return Encoding.ASCII.GetString(elf, start, end - start);
    }
}
