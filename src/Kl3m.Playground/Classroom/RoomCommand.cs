using System.Text.Json.Serialization;
using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>Something that a person does in a room. Whose command it is follows from its base: a student's key cannot give a teacher's one.</summary>
[JsonDerivedType(typeof(LockRoom), "lock")]
[JsonDerivedType(typeof(FreezeRoom), "freeze")]
[JsonDerivedType(typeof(ClearRoom), "clear")]
[JsonDerivedType(typeof(CloseRoom), "close")]
[JsonDerivedType(typeof(RemoveStudent), "remove")]
[JsonDerivedType(typeof(RenameStudent), "rename")]
[JsonDerivedType(typeof(SetLimits), "limits")]
[JsonDerivedType(typeof(AskQuestion), "ask")]
[JsonDerivedType(typeof(LockVoting), "lock-voting")]
[JsonDerivedType(typeof(ClearVotes), "clear-votes")]
[JsonDerivedType(typeof(RevealModel), "reveal")]
[JsonDerivedType(typeof(HideAnswer), "hide")]
[JsonDerivedType(typeof(StartGame), "game")]
[JsonDerivedType(typeof(SetTemperature), "temperature")]
[JsonDerivedType(typeof(ThrowDarts), "throw")]
[JsonDerivedType(typeof(ClearDarts), "clear-darts")]
[JsonDerivedType(typeof(Present), "present")]
[JsonDerivedType(typeof(ShowLesson), "lesson")]
[JsonDerivedType(typeof(ShowLink), "link")]
[JsonDerivedType(typeof(CastVote), "vote")]
[JsonDerivedType(typeof(ThrowDart), "dart")]
[JsonDerivedType(typeof(PassCheck), "pass")]
[JsonDerivedType(typeof(LeaveRoom), "leave")]
internal abstract record RoomCommand;

internal abstract record TeacherCommand : RoomCommand;

/// <summary>Acts on the caller and on nobody else: no student's command names a student.</summary>
internal abstract record StudentCommand : RoomCommand;

internal sealed record LockRoom(bool On) : TeacherCommand;

internal sealed record FreezeRoom(bool On) : TeacherCommand;

/// <summary>Back to the lobby, with all results forgotten.</summary>
internal sealed record ClearRoom : TeacherCommand;

internal sealed record CloseRoom : TeacherCommand;

internal sealed record RemoveStudent(string StudentId) : TeacherCommand;

/// <summary>Null or nothing to see gives a friendly name.</summary>
internal sealed record RenameStudent(string StudentId, string? Name) : TeacherCommand;

internal sealed record SetLimits(RoomLimits Limits) : TeacherCommand;

/// <summary>Opens a question. Goes with the model's distribution at its place.</summary>
internal sealed record AskQuestion(TextPlace Place, IReadOnlyList<Choice> Choices) : TeacherCommand;

internal sealed record LockVoting(bool On) : TeacherCommand;

internal sealed record ClearVotes : TeacherCommand;

/// <param name="Told">Raw probabilities, by token id, of answers that are none of the tokens that a model's server told by itself.</param>
internal sealed record RevealModel(IReadOnlyDictionary<int, double>? Told = null) : TeacherCommand;

internal sealed record HideAnswer(int TokenId, bool On) : TeacherCommand;

/// <summary>Opens the sampler game. Goes with the model's distribution at its place.</summary>
internal sealed record StartGame(TextPlace Place, float Temperature, ulong Seed) : TeacherCommand;

internal sealed record SetTemperature(float Temperature) : TeacherCommand;

internal sealed record ThrowDarts(int Count) : TeacherCommand;

internal sealed record ClearDarts : TeacherCommand;

/// <param name="Run">What other nodes know the run by; see <see cref="PresentationScene"/>.</param>
internal sealed record Present(string Prompt, SamplingParams Sampling, SelectedToken? Spotlight, string? Model = null, string? Run = null) : TeacherCommand;

internal sealed record ShowLesson(string LessonId, int Step) : TeacherCommand;

internal sealed record ShowLink(string Address, string Title, bool IsLive = false) : TeacherCommand;

/// <param name="Typed">What was written or chosen.</param>
/// <param name="TokenId">Its first token at the question's place.</param>
internal sealed record CastVote(int Number, int TokenId, string Typed) : StudentCommand;

internal sealed record ThrowDart : StudentCommand;

internal sealed record PassCheck(string LessonId, int Step) : StudentCommand;

internal sealed record LeaveRoom : StudentCommand;
