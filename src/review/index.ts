import '../../style/review.css';

export { EnvironmentReview } from './environmentReview';
export { ReviewView } from './reviewView';
