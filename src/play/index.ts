// The entry `nabla/play`: learning by playing. Environments, agents that learn from rewards, exact solvers of small games, and search guided by a network.
// Runs in every JavaScript engine, on the tensors and models of `nabla`.
import "../engine/configure.ts";
import "../ops/methods.ts";

export { type ActorCriticOptions, actorCritic, generalAdvantages } from "./actor-critic.ts";
export {
  type Agent,
  type AverageOptions,
  type AverageReturn,
  averageReturn,
  type HiddenLayers,
  type LearningCurve,
  type LearningOptions,
} from "./agent.ts";
export { BoardEnvironment, type BoardEnvironmentOptions } from "./board-environment.ts";
export type { BoardGame, Result, Side, Symmetry } from "./board-game.ts";
export { Catch, type CatchOptions } from "./catch.ts";
export { type Census, census } from "./census.ts";
export { Dodge, type DodgeOptions } from "./dodge.ts";
export { type Environment, observationSize, type StepResult } from "./environment.ts";
export { type BatchStep, EnvironmentBatch, type MakeEnvironment } from "./environment-batch.ts";
export { Gather, type GatherOptions } from "./gather.ts";
export { type ConnectFourOptions, connectFour, type GridPosition, ticTacToe } from "./grid-game.ts";
export { type AllLines, allLines, type MatchOptions, type MatchResult, type PlayedGame, playMatch } from "./match.ts";
export { bestAgainstRandom, exactScore, type MoveChances, Oracle, type Score } from "./oracle.ts";
export { type Draws, PixelGame, type PixelGameOptions, type PixelStep } from "./pixel-game.ts";
export {
  type MinimaxOptions,
  minimaxPlayer,
  oraclePlayer,
  type Player,
  type RandomPlayerOptions,
  randomPlayer,
} from "./players.ts";
export { PolicyAgent, type PolicyAnswer } from "./policy-agent.ts";
export {
  networkPlayer,
  PolicyValueNetwork,
  type PolicyValueOptions,
  type PositionAnswers,
  type PositionLoss,
  type PositionSample,
} from "./policy-value.ts";
export { type AgentOptions, type DeepQOptions, deepQLearning, QAgent } from "./q-agent.ts";
export { QTable, type QTableOptions } from "./q-table.ts";
export { type ReinforceOptions, reinforce } from "./reinforce.ts";
export { ReplayBuffer, type Transition, type TransitionBatch } from "./replay-buffer.ts";
export {
  type ImitationOptions,
  learnFromPlayer,
  type SelfPlayOptions,
  type SelfPlayRound,
  selfPlay,
} from "./self-play.ts";
export { Squash, type SquashOptions } from "./squash.ts";
export { type SearchOptions, type SearchPlayerOptions, searchPlayer } from "./tree-search.ts";
